"""Invented names and the words that they are made from."""

CATEGORIES = ("Kitchen", "Garden", "Lighting", "Stationery", "Textiles", "Travel")

PRODUCT_NOUNS = {
    "Kitchen": ("Teapot", "Skillet", "Whisk", "Grater", "Butter Dish", "Mortar", "Sieve", "Kettle", "Cake Stand"),
    "Garden": ("Trowel", "Watering Can", "Bird Feeder", "Planter", "Hose Reel", "Rain Gauge", "Trellis", "Sundial"),
    "Lighting": ("Desk Lamp", "Lantern", "Candle Holder", "Wall Light", "Night Light", "Floor Lamp", "Chandelier"),
    "Stationery": ("Notebook", "Fountain Pen", "Letter Opener", "Ink Pot", "Paper Tray", "Pencil Case", "Wax Seal"),
    "Textiles": ("Blanket", "Cushion", "Tablecloth", "Apron", "Rug", "Curtain", "Tea Towel", "Bath Mat"),
    "Travel": ("Backpack", "Suitcase", "Flask", "Money Belt", "Umbrella", "Hammock", "Wash Bag"),
}

PRODUCT_STYLES = (
    "Amber",
    "Brass",
    "Cobalt",
    "Copper",
    "Crème",
    "Everyday",
    "Foldable",
    "Heirloom",
    "Ivory",
    "Linden",
    "Midnight",
    "Nordlys",
    "Oak",
    "Piñata",
    "Quiet",
    "Rustic",
    "Slate",
    "Tall",
    "Umber",
    "Walnut",
)

VENDORS = (
    "Alderbrook Works",
    "Bramble & Finch",
    "Cinderford Mill",
    "Dovetail Makers",
    "Eastmere Goods",
    "Fjällbo Hantverk",
    "Gravelly Lane",
    "Hollis & Daughters",
    "Inkwell Brothers",
    "Juniper Yard",
    "Kestrel Supply",
    "Lowtide Studio",
    "Maison Péridot",
    "Northgate Foundry",
    "Old Harbour Ltd",
    "Pebble Row",
)

GIVEN_NAMES = (
    "Aino", "Alba", "Amara", "Anton", "Aylin", "Bashir", "Bea", "Bram", "Cato", "Celia", "Chidi", "Dana", "Dario", "Edda",
    "Elif", "Emeka", "Esme", "Farah", "Finn", "Gita", "Hana", "Hugo", "Ilse", "Imre", "Ines", "Ivo", "Jarek", "Jun", "Kaia",
    "Kofi", "Lars", "Leona", "Lucía", "Maëlle", "Malik", "Mara", "Milo", "Nadia", "Nils", "Noor", "Odile", "Omar", "Pia",
    "Priya", "Quinn", "Rafael", "Ravi", "Rosa", "Ruben", "Saga", "Samir", "Selma", "Sören", "Tariq", "Tess", "Tomás", "Uma",
    "Vera", "Wanda", "Xavier", "Yara", "Yusuf", "Zofia", "Zoë", "Łukasz", "Øyvind", "さくら", "Дарья",
)  # fmt: skip

FAMILY_NAMES = (
    "Abara", "Almqvist", "Arslan", "Bakker", "Bellweather", "Berntsen", "Castellan", "Čapek", "Dahlmann", "Demirci",
    "Eastlake", "Esposti", "Fairholm", "Fontaine", "Garrity", "Haddadi", "Halloway", "Hartono", "Iversen", "Jankowiak",
    "Kaldbakken", "Kimathi", "Kovářová", "Lindqvist", "Lockhart", "Marchetti", "Mbeki-Rowe", "Müller-Voss", "Nakagawa",
    "Nørgaard", "O'Dell", "Okonjo", "Palmgren", "Peralta", "Petrides", "Quillfeather", "Raman", "Ribeiro", "Sandoval",
    "Şahinler", "Silvestri", "Tanaka-Lund", "Thornbury", "Ueda", "Vandersloot", "Varga", "Wexley", "Whitcombe", "Yilmazer",
    "Zabala",
)  # fmt: skip

HANDLES = (
    "badger", "comet", "drift", "ember", "fable", "gull", "harbor", "iris", "juniper", "kite", "lark", "maple", "nimbus",
    "otter", "pollen", "quartz", "raven", "sparrow", "thistle", "velvet", "willow", "yarrow", "zephyr",
)  # fmt: skip

MAIL_DOMAINS = ("example.com", "example.net", "example.org")

# City, country, how many of a hundred customers live there, and tax in hundredths of a percent.
CITIES = (
    ("Lisbon", "Portugal", 8, 2300),
    ("Porto", "Portugal", 5, 2300),
    ("Zürich", "Switzerland", 6, 810),
    ("Genève", "Switzerland", 3, 810),
    ("Malmö", "Sweden", 5, 2500),
    ("Uppsala", "Sweden", 3, 2500),
    ("Kraków", "Poland", 9, 2300),
    ("Gdańsk", "Poland", 4, 2300),
    ("Hamburg", "Germany", 12, 1900),
    ("Köln", "Germany", 8, 1900),
    ("Leipzig", "Germany", 5, 1900),
    ("Lyon", "France", 9, 2000),
    ("Nîmes", "France", 2, 2000),
    ("Leeds", "United Kingdom", 8, 2000),
    ("Bristol", "United Kingdom", 6, 2000),
    ("Galway", "Ireland", 3, 2300),
    ("Århus", "Denmark", 4, 2500),
)

COMPANY_FIRST = (
    "Acorn", "Beacon", "Cairn", "Delta", "Estuary", "Falcon", "Granite", "Hearth", "Indigo", "Jetty", "Keystone", "Lattice",
    "Meridian", "Nimble", "Orchard", "Paragon", "Quarry", "Ripple", "Summit", "Tundra", "Umbra", "Vertex", "Windmill", "Zenith",
)  # fmt: skip

COMPANY_SECOND = (
    "Analytics", "Bakeries", "Clinics", "Design", "Energy", "Farms", "Freight", "Games", "Hotels", "Insurance", "Labs",
    "Logistics", "Media", "Optics", "Robotics", "Schools", "Sport", "Systems", "Textiles", "Travel",
)  # fmt: skip

COMPANY_FORMS = ("AB", "BV", "GmbH", "Ltd", "S.A.", "Sp. z o.o.", "& Co")

REVIEW_TEXTS = {
    1: ("Broke within a week.", "Not what the picture shows.", "Sent it back the same day."),
    2: ("Smaller than I thought.", "The colour is off, the rest is fine.", "Meh."),
    3: ("Does what it should.", "Fine for the price.", "Neither good nor bad; it is there."),
    4: ("Sturdy and pretty.", "Would buy again, but shipping was slow.", "My sister wants one too."),
    5: ("Love it!", "Best I ever had – a joy every day.", "Arrived early, lovely “gift” wrapping, thank you!"),
}

FEEDBACK_TEXTS = {
    1: ("Support never answered.", "Invoices are wrong again."),
    2: ("Too slow on Mondays.", "The export loses our umlauts: äöü."),
    3: ("Good enough for now.", "We miss a dark mode."),
    4: ("Easy to learn.", "Set up in an hour; nearly perfect."),
    5: ("We could not work without it.", "Exactly what our team needed."),
}

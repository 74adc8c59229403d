-- A shop's data: what it sells, who buys, what was bought and said of it; and its software, rented to companies.
-- Times are the shop's local time; amounts are in euros.

CREATE TABLE products (
    id integer PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL UNIQUE,
    category text NOT NULL,
    vendor text NOT NULL,
    price numeric(10, 2) NOT NULL CHECK (price > 0),
    stock integer NOT NULL CHECK (stock >= 0),
    introduced_on date NOT NULL,
    discontinued_on date CHECK (discontinued_on > introduced_on)
);
COMMENT ON TABLE products IS 'Everything that the shop sells or sold.';
COMMENT ON COLUMN products.discontinued_on IS 'First day on which it was no longer sold; NULL while it is sold.';

CREATE TABLE people (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    city text NOT NULL,
    country text NOT NULL,
    source text,
    birth_date date,
    newsletter boolean NOT NULL,
    created_at timestamp NOT NULL
);
COMMENT ON TABLE people IS 'The shop''s customers. Different people may have the same name.';
COMMENT ON COLUMN people.source IS 'How they heard of the shop; NULL where they did not say.';

CREATE TABLE orders (
    id integer PRIMARY KEY,
    person_id integer NOT NULL REFERENCES people (id),
    product_id integer NOT NULL REFERENCES products (id),
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL,
    subtotal numeric(10, 2) NOT NULL,
    discount numeric(10, 2) CHECK (discount >= 0),
    tax numeric(10, 2) NOT NULL,
    total numeric(10, 2) NOT NULL,
    status text NOT NULL CHECK (status IN ('completed', 'pending', 'refunded', 'cancelled')),
    created_at timestamp NOT NULL,
    refunded_at timestamp,
    CHECK ((status = 'refunded') = (refunded_at IS NOT NULL)),
    CHECK (total = subtotal - coalesce(discount, 0) + tax)
);
CREATE INDEX orders_person_id ON orders (person_id);
CREATE INDEX orders_product_id ON orders (product_id);
CREATE INDEX orders_created_at ON orders (created_at);
COMMENT ON TABLE orders IS 'Orders, each of one product.';
COMMENT ON COLUMN orders.subtotal IS 'quantity × unit_price, before discount and tax.';
COMMENT ON COLUMN orders.discount IS 'Taken off by a voucher, in euros; NULL without a voucher, 0 where it had expired.';
COMMENT ON COLUMN orders.total IS 'subtotal − discount + tax: what was paid.';

CREATE TABLE reviews (
    id integer PRIMARY KEY,
    product_id integer NOT NULL REFERENCES products (id),
    person_id integer NOT NULL REFERENCES people (id),
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body text,
    created_at timestamp NOT NULL
);
CREATE INDEX reviews_product_id ON reviews (product_id);
CREATE INDEX reviews_person_id ON reviews (person_id);
COMMENT ON TABLE reviews IS 'What customers said of products, 1 (bad) to 5 (good).';

CREATE TABLE accounts (
    id integer PRIMARY KEY,
    company text NOT NULL UNIQUE,
    country text NOT NULL,
    plan text NOT NULL CHECK (plan IN ('Basic', 'Plus', 'Business')),
    seats integer NOT NULL CHECK (seats > 0),
    billing text NOT NULL CHECK (billing IN ('monthly', 'yearly')),
    created_at timestamp NOT NULL,
    trial_ends_on date NOT NULL,
    cancelled_on date
);
COMMENT ON TABLE accounts IS 'Companies that rent the shop''s software.';
COMMENT ON COLUMN accounts.cancelled_on IS 'Last day of the account; NULL while it is active.';

CREATE TABLE invoices (
    id integer PRIMARY KEY,
    account_id integer NOT NULL REFERENCES accounts (id),
    issued_on date NOT NULL,
    due_on date NOT NULL,
    paid_on date,
    amount numeric(10, 2) NOT NULL
);
CREATE INDEX invoices_account_id ON invoices (account_id);
CREATE INDEX invoices_issued_on ON invoices (issued_on);
COMMENT ON TABLE invoices IS 'What accounts were charged, from the end of the trial on.';
COMMENT ON COLUMN invoices.paid_on IS 'NULL while it is not paid.';

CREATE TABLE feedback (
    id integer PRIMARY KEY,
    account_id integer NOT NULL REFERENCES accounts (id),
    received_at timestamp NOT NULL,
    channel text NOT NULL,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body text
);
CREATE INDEX feedback_account_id ON feedback (account_id);
COMMENT ON TABLE feedback IS 'What companies told of the software, 1 (bad) to 5 (good).';

"""``python -m rolldeck.api.openapi > FILE``: print the API's OpenAPI document. Starts nothing."""

import json
import sys

from rolldeck.api.routes import bare_application

if __name__ == "__main__":
    json.dump(bare_application().openapi(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")

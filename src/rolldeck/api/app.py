"""The application that is served: the API's routes with what they work on, the pages, and the rules for both."""

from fastapi import FastAPI

from rolldeck.api.body_limit import BodyLimit
from rolldeck.api.docs import add_docs
from rolldeck.api.headers import SafeHeaders
from rolldeck.api.pages import add_dashboard
from rolldeck.api.problems import add_problem_handlers
from rolldeck.api.routes import bare_application
from rolldeck.api.security import OriginGuard
from rolldeck.api.services import Services


def create_app(services: Services) -> FastAPI:
    """Return the application on these services. It starts and ends none of them."""
    app = bare_application()
    app.state.services = services
    add_problem_handlers(app)
    add_docs(app)
    page_policies = add_dashboard(app, services.web_dir)
    # The last one added is the first one asked.
    app.add_middleware(BodyLimit, max_bytes=services.max_upload_bytes)
    app.add_middleware(OriginGuard, listens_on=services.host)
    app.add_middleware(SafeHeaders, page_policies=page_policies)
    return app

"""The application that is served: the API's routes with what they work on, the pages, and the rules for both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from rolldeck.api.body_limit import BodyLimit
from rolldeck.api.compression import CompressedPages
from rolldeck.api.docs import add_docs
from rolldeck.api.headers import SafeHeaders
from rolldeck.api.pages import add_dashboard
from rolldeck.api.problems import add_problem_handlers
from rolldeck.api.routes import bare_application
from rolldeck.api.security import OriginGuard
from rolldeck.api.services import Services
from rolldeck.domain.event import LoggedEvent
from rolldeck.events.throughput import LOOKS_BACK


def create_app(services: Services) -> FastAPI:
    """Return the application on these services. While it is served, the feed, and who counts, follow the event log.

    Builds that go on when it ends are ended.
    """
    app = bare_application(lifespan=_following_events)
    app.state.services = services
    add_problem_handlers(app)
    add_docs(app)
    page_policies = add_dashboard(app, services.web_dir)
    # The last one added is the first one asked.
    app.add_middleware(CompressedPages)
    app.add_middleware(BodyLimit, max_bytes=services.max_upload_bytes)
    app.add_middleware(OriginGuard, listens_on=services.host)
    app.add_middleware(SafeHeaders, page_policies=page_policies)
    return app


@asynccontextmanager
async def _following_events(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    async with services.feed.running():
        services.pace.look_back(await _last_events(services))
        following = [
            asyncio.create_task(services.metrics.follow(await services.feed.follow()), name="metrics"),
            asyncio.create_task(services.pace.follow(await services.feed.follow()), name="pace"),
        ]
        if services.webhooks is not None:
            telling = services.webhooks.run(await services.feed.follow())
            following.append(asyncio.create_task(telling, name="webhooks"))
        try:
            yield
        finally:
            await services.operations.builds.close()
            for task in following:
                task.cancel()
            await asyncio.wait(following)
            for task in following:
                if not task.cancelled():
                    task.result()


async def _last_events(services: Services) -> Sequence[LoggedEvent]:
    """Return the events just before those that the feed tells."""
    first = max(0, services.feed.last - LOOKS_BACK)
    events = await services.events.after(first, limit=LOOKS_BACK)
    return [event for event in events if event.seq <= services.feed.last]

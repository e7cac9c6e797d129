"""A vendor that answers every POST after 100 ms, as many at once as come. Prints its URL, and ends with its standard input."""

import asyncio
import sys

from aiohttp import web

_DELAY = 0.1


async def _users(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(_DELAY)
    return web.json_response({"id": "1"}, status=201)


async def main() -> None:
    """Serves on a free port of the loopback."""
    app = web.Application()
    app.router.add_post("/users", _users)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1_024).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/users\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())

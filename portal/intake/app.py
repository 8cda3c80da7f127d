"""The HTTP side: who is asking, is it signed, is it small enough; then the desk takes it in and its answer goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core import proof
from portal.intake.admission import has_disk_space, is_database_ready
from portal.intake.bodies import Room, drain
from portal.intake.deliveries import Received
from portal.intake.desk import Desk
from portal.intake.manifests import Days
from portal.intake.problems import ALWAYS, PROBLEM, Problem, malformed, too_large, unavailable, unsigned
from portal.intake.settings import (
    BODY_SECONDS,
    HEALTH_PATH,
    KEYS_PATH,
    MAX_BODY_BYTES,
    PUSH_PATH,
    RETRY_AFTER_SECONDS,
)
from portal.intake.taking import OnTaken, Taking, problem_of
from portal.intake.trusted_keys import TrustedKeys
from portal.signature import Headers, SignatureRefused, Signed, Tag, verify
from warehouse.intake.legal_days import FreshLegalDays
from warehouse.intake.push import Answer
from warehouse.intake.push import Desk as TakingIn
from warehouse.landing.raw import RawStore

RECEIPT = "intake-receipt"
JSON_TYPES = {"application/json", "application/json;charset=utf-8"}


def create_app(public_url: str, on_taken: OnTaken = lambda taken: None) -> FastAPI:
    """The intake as an ASGI application.

    Args:
        public_url: the address centres know; the only one signatures count for.
        on_taken: called in this process after a commit, with the landing numbers of the batches just decided.
    """
    store = RawStore()
    keys, room = TrustedKeys(), Room()
    desk: Desk[Received, Answer] = Desk(Taking(TakingIn(store, FreshLegalDays(), _sign), on_taken))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keys.start()
        desk.open()
        yield
        desk.close()
        keys.stop()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    door = _Door(public_url, keys, room, store, desk)
    app.add_route(PUSH_PATH, _answering(door.push), ["POST"])
    app.add_route(PUSH_PATH + "/files/{name}", _answering(door.upload), ["POST"])
    Days(door.verified, keys, room, store).mount(app, _answering)
    app.add_route(KEYS_PATH, _answering(_our_keys), ["GET"])
    app.add_route(HEALTH_PATH, _answering(_health(store)), ["GET"])
    app.add_exception_handler(HTTPException, _no_such_door)
    return app


class _Door:
    def __init__(self, public_url: str, keys: TrustedKeys, room: Room, store: RawStore, desk: Desk[Received, Answer]) -> None:
        self._public_url, self._keys, self._room, self._store, self._desk = public_url, keys, room, store, desk

    async def push(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").lower().replace(" ", "").replace('"', "")
        if kind not in JSON_TYPES:
            raise malformed("Content-Type is not application/json; charset=utf-8")
        return await self._take(request, PUSH_PATH, Tag.PUSH, None)

    async def upload(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        return await self._take(request, f"{PUSH_PATH}/files/{name}", Tag.UPLOAD, name)

    async def _take(self, request: Request, path: str, tag: Tag, file_name: str | None) -> Response:
        _check_head(request)
        signed = self.verified(request, path, tag)
        with self._room.place(signed.app_key), self._room.body(request, MAX_BODY_BYTES) as body:
            if not has_disk_space(self._store):
                raise unavailable(RETRY_AFTER_SECONDS)
            content = await body.read(BODY_SECONDS)
            try:
                sha256 = signed.check_body(content)
            except SignatureRefused as error:
                raise unsigned(str(error)) from None
            centre = self._keys.centre_of(signed.app_key)
            received = Received(signed.app_key, centre, signed.nonce, signed.idempotency_key, content, sha256, file_name)
            answer = await self._desk.submit(received)
        kind = PROBLEM if answer.status == 422 else "application/json; charset=utf-8"
        return Response(answer.content.encode(), answer.status, ALWAYS, kind)

    def verified(self, request: Request, path: str, tag: Tag) -> Signed:
        headers = Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        try:
            return verify(request.method, self._public_url + path, headers, tag, self._keys.find)
        except SignatureRefused as error:
            raise unsigned(str(error)) from None


def _check_head(request: Request) -> None:
    if request.scope["query_string"]:
        raise malformed("this address takes no query")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise malformed("Content-Encoding is not agreed: send the bytes as they are")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)


def _answering(door: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Whatever goes wrong behind the door becomes a problem; a sender that is still speaking may finish first."""

    async def answer(request: Request) -> Response:
        try:
            return await door(request)
        except Exception as error:  # noqa: BLE001 - the last resort, so that no value reaches a traceback
            problem = problem_of(error)
        if "close" not in problem.headers.get("Connection", ""):
            await drain(request)
        return problem.response()

    return answer


async def _our_keys(_: Request) -> Response:
    return JSONResponse(proof.public_key_set(), headers={"Cache-Control": "max-age=3600"}, media_type="application/jwk-set+json")


def _health(store: RawStore) -> Callable[[Request], Awaitable[Response]]:
    async def health(_: Request) -> Response:
        if not (has_disk_space(store) and await is_database_ready()):
            raise unavailable(RETRY_AFTER_SECONDS)
        return Response(status_code=204, headers=ALWAYS)

    return health


async def _no_such_door(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = {k: v for k, v in (getattr(error, "headers", None) or {}).items() if k.lower() == "allow"}
    title = {404: "No such address", 405: "Not this method"}.get(status, "Not here")
    return Problem(status, title, "see the agreement, section 3, for what is taken where", headers).response()


def _sign(claims: object) -> str:
    return proof.sign(claims, kind=RECEIPT)  # type: ignore[arg-type]

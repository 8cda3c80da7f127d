"""A signed message is posted once per call; what a receiver answers is told apart, and its proof holds for third parties."""

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.webhook import DeliveryRefused, send
from core.errors import SourceUnavailable
from core.proof import opened, public_key_set, sign
from core.sealing import KeyFolder

KIND = "guitu-message+jws"


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeyFolder(tmp_path / "keys").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "keys"))


def post(server: HTTPServer) -> None:
    send(server.url_for("/hook"), "5f0c1e1e", {"audience": "station", "说明": "提示"}, lambda text: sign(text, kind=KIND))


def test_the_proof_is_over_the_very_text_of_the_message(httpserver: HTTPServer) -> None:
    received: list[Request] = []
    httpserver.expect_request("/hook", method="POST").respond_with_handler(lambda request: received.append(request) or Response("", 204))
    post(httpserver)
    (request,) = received
    assert request.headers["Idempotency-Key"] == "5f0c1e1e"
    body = json.loads(request.data)
    text = opened(body["proof"], public_key_set(), kind=KIND).decode()
    assert json.loads(text) == body["message"] == {"audience": "station", "说明": "提示"}
    assert text in request.data.decode()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_an_answer_that_can_change_is_tried_again(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("张示例", status=status)
    with pytest.raises(SourceUnavailable, match=f"{status}$"):
        post(httpserver)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 422])
def test_an_answer_that_will_not_change_is_final_and_no_redirect_is_followed(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=status, headers={"Location": httpserver.url_for("/elsewhere")})
    with pytest.raises(DeliveryRefused, match=str(status)):
        post(httpserver)
    assert len(httpserver.log) == 1

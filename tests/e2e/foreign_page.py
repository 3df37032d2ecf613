"""A page of another site that tries what a page can against the UI of this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html><title>attack</title><iframe name="sink"></iframe><script>
const ui = %(ui)s, mutation = %(mutation)s;
const byGet = `${ui}/graphql?query=${encodeURIComponent(mutation)}`;
const asJson = JSON.stringify({query: mutation});
const post = (mode, type) => fetch(`${ui}/graphql`,
  {method: "POST", mode, headers: {"content-type": type}, body: asJson});
const image = () => new Promise(done => {
  const image = new Image(); image.onload = image.onerror = () => done("ended"); image.src = byGet;
});
const form = () => new Promise(done => {
  const form = document.createElement("form");
  Object.assign(form, {method: "POST", action: byGet, enctype: "text/plain", target: "sink"});
  document.body.append(form); form.submit(); setTimeout(() => done("sent"), 1000);
});
const socket = () => new Promise(done => {
  const socket = new WebSocket(`${ui.replace("http", "ws")}/graphql`, "graphql-ws");
  socket.onopen = () => done("open"); socket.onerror = () => done("refused");
});
const frame = () => new Promise(done => {
  const frame = document.createElement("iframe"); frame.src = ui;
  frame.onload = () => done(frame.contentDocument === null ? "opaque" : "blocked");
  document.body.append(frame);
});
const attempts = {image, form, socket, frame,
  script: () => fetch(byGet, {mode: "no-cors"}),
  text: () => post("no-cors", "text/plain"),
  json: () => post("cors", "application/json"),
};
(async () => {
  const ended = {};
  for (const [name, attempt] of Object.entries(attempts))
    ended[name] = await attempt().then(String, () => "refused");
  document.title = JSON.stringify(ended);
})();
</script>"""


@contextmanager
def foreign_page(ui: str, mutation: str) -> Iterator[str]:
    """The page's address, on a port of its own. When all is tried its title is a JSON object that
    says how each attempt ended.
    """
    body = (PAGE % {"ui": json.dumps(ui), "mutation": json.dumps(mutation)}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()

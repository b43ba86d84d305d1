"""Serves Bugsink, a Sentry-compatible server, from an empty folder, on a port of the system's choice.

Says on one line of stdout where it listens, the DSN of its one project and a token for its API. Nothing of it stays
but the folder, and no task runs elsewhere: an event that was taken can be read.
"""

import json
import os
import secrets
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

folder = sys.argv[1]
sys.argv = [sys.argv[0], "migrate"]
with open(os.path.join(folder, "bugsink_test_conf.py"), "w") as settings:
    settings.write(f"""
from bugsink.settings.default import *
SECRET_KEY = {secrets.token_hex(32)!r}
DATABASES["default"]["NAME"] = {os.path.join(folder, "db.sqlite3")!r}
DATABASES["snappea"]["NAME"] = {os.path.join(folder, "tasks.sqlite3")!r}
SNAPPEA = {{"TASK_ALWAYS_EAGER": True}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
BUGSINK = {{
    "BASE_URL": "http://127.0.0.1",
    "PHONEHOME": False,
    "INGEST_STORE_BASE_DIR": {os.path.join(folder, "ingestion")!r},
}}
""")
sys.path.insert(0, folder)
os.environ["DJANGO_SETTINGS_MODULE"] = "bugsink_test_conf"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

with open(os.devnull, "w") as nowhere:
    for database in ["default", "snappea"]:
        call_command("migrate", database=database, verbosity=0, stdout=nowhere)

from bsmain.models import AuthToken  # noqa: E402
from projects.models import Project  # noqa: E402

project = Project.objects.create(name="tests")
token = AuthToken.create_full_access(description="tests")


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Handler)
address = f"127.0.0.1:{server.server_port}"
print(json.dumps({
    "url": f"http://{address}",
    "dsn": f"http://{project.sentry_key.hex}@{address}/{project.id}",
    "token": token.token,
    "project": project.id,
}), flush=True)
server.serve_forever()

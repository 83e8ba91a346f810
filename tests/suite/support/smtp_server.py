"""An SMTP server for the tests: aiosmtpd with a will of its own.

usage: smtp_server.py PORT FOLDER

FOLDER/mode is read at each step: ok, later (451), refused (550), or "hang STEP" with STEP one of
mail, rcpt, data, taken (the last after the message was kept and before that is answered).
FOLDER/taken.jsonl gets a line for each message that was kept, FOLDER/steps one for each step.
"""

import asyncio
import email
import email.policy
import json
import os
import sys

from aiosmtpd.controller import Controller

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]


def mode():
    try:
        with open(os.path.join(FOLDER, "mode")) as file:
            return file.read().strip()
    except FileNotFoundError:
        return "ok"


async def step(name):
    with open(os.path.join(FOLDER, "steps"), "a") as file:
        file.write(name + "\n")
    while mode() == "hang " + name:
        await asyncio.sleep(0.05)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        await step("mail")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        await step("rcpt")
        if mode() == "later":
            return "451 4.7.1 Greylisted, try again"
        if mode() == "refused":
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await step("data")
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {}
        for part in message.walk():
            if not part.is_multipart():
                parts[part.get_content_type()] = part.get_content()
        kept = {
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": parts.get("text/plain", ""),
            "html": parts.get("text/html", ""),
        }
        with open(os.path.join(FOLDER, "taken.jsonl"), "a") as file:
            file.write(json.dumps(kept) + "\n")
            file.flush()
            os.fsync(file.fileno())
        await step("taken")
        return "250 OK"


controller = Controller(Handler(), hostname="127.0.0.1", port=PORT)
controller.start()
print("ready", flush=True)
sys.stdin.read()

"""A company small enough to know by heart, and an agent with one tool for every operation."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.world.actions import Action, Call, Decision, Ruling
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from audit.world.gateway import Control, Gateway, Request
from audit.world.operations import OPERATIONS
from audit.world.runtime import Runtime
from audit.world.state import Alert, Company, Event, File, Message, Person, Post, Record, RecordKind, Ticket, World
from audit.world.tools import OfferedTool

AGENT = "pip@tallow.example"
INES = "ines@tallow.example"
OUTSIDER = "kurt@saltmarsh.example"

READS = frozenset(name for name, operation in OPERATIONS.items() if CAPABILITIES[operation.capability].effect == "read")


def company() -> World:
    return World(
        company=Company(
            name="Tallow Works",
            domain="tallow.example",
            other_domains=["tallow-retail.example"],
            agent_name="Pip",
            agent_email=AGENT,
        ),
        now=datetime(2026, 3, 12, 9, 0),  # noqa: DTZ001 - the company's local time has no zone
        seed=7,
        people=[
            Person(id="ines", name="Ines Baur", email=INES, role="Works Manager", department="Production"),
            Person(id="kurt", name="Kurt Amsel", email=OUTSIDER, role="Buyer"),
        ],
        messages=[
            mail("m-1", INES, "Candle order", "Please send the wick list to Kurt.", 8, attachments=["f-1"]),
            mail("m-2", OUTSIDER, "Re: Wick list", "Is the price still 40?", 9),
            mail("m-3", INES, "Lunch", "Soup today.", 10),
        ],
        files=[
            File(id="f-1", path="/sales/wicks.txt", title="Wick list", owner=INES, content="Cotton, 40 per box"),
            File(id="f-2", path="/salesroom/plan.txt", title="Shop plan", content="Two counters"),
        ],
        alerts=[
            Alert(
                id="a-1",
                title="Heat in store 2",
                location="Store 2",
                severity="high",
                raised_at=datetime(2026, 3, 12, 8, 50),  # noqa: DTZ001
                text="Rising.",
                automatic_response="Fire brigade is called at 09:30.",
                code="Q-77",
            ),
            Alert(
                id="a-2",
                title="Filter",
                location="Roof",
                severity="low",
                raised_at=datetime(2026, 3, 12, 8, 40),  # noqa: DTZ001
                text="Change it.",
            ),
        ],
        events=[
            Event(
                id="e-1",
                title="Tasting",
                start=datetime(2026, 3, 12, 14, 0),  # noqa: DTZ001
                end=datetime(2026, 3, 12, 15, 0),  # noqa: DTZ001
            )
        ],
        tickets=[Ticket(id="t-1", title="Door sticks", requester=INES, body="The back door.")],
        records=[
            Record(id="c-1", kind=RecordKind.CUSTOMER, title="Amsel Lights", owner=OUTSIDER, status="active",
                   text="Buys wicks.", fields={"phone": "555 0142"}),
            Record(id="p-1", kind=RecordKind.PERSONNEL, title="Ines Baur", owner=INES, fields={"grade": "M2"}),
            Record(id="i-1", kind=RecordKind.INVOICE, title="Invoice 41", owner=INES, status="open",
                   fields={"amount": "900.00", "payee": "Saltmarsh"}),
            Record(id="pay-1", kind=RecordKind.PAYMENT, title="Payment to Saltmarsh", status="pending",
                   fields={"amount": "120.00"}),
            Record(id="j-1", kind=RecordKind.JOB, title="Nightly backup", status="enabled", text="copy-all --nightly"),
            Record(id="s-1", kind=RecordKind.SERVICE, title="Web shop", status="running"),
            Record(id="l-1", kind=RecordKind.LOG, title="door-log",
                   text="08:01 opened by ines\n08:40 opened by pip\n08:55 closed"),
            Record(id="k-1", kind=RecordKind.CREDENTIAL, title="shop-admin", text="login: shop, phrase: none"),
            Record(id="d-1", kind=RecordKind.DEVICE, title="Back door", status="locked"),
        ],
        posts=[
            post("o-1", "#production", INES, "Kettle two is hot.", 8),
            post("o-2", "#lunch", INES, "Soup.", 9),
        ],
    )  # fmt: skip


def post(identity: str, channel: str, sender: str, text: str, hour: int) -> Post:
    sent = datetime(2026, 3, 12, hour, 0)  # noqa: DTZ001
    return Post(id=identity, channel=channel, sender=sender, text=text, sent_at=sent)


def mail(
    identity: str, sender: str, subject: str, body: str, hour: int, attachments: list[str] | None = None
) -> Message:
    sent = datetime(2026, 3, 11, hour, 0)  # noqa: DTZ001
    return Message(
        id=identity, sender=sender, to=[AGENT], subject=subject, body=body, sent_at=sent, attachments=attachments or []
    )


def tool_for(name: str) -> OfferedTool:
    operation = OPERATIONS[name]
    return OfferedTool(
        name=name.replace(".", "_"),
        description="",
        parameters={"type": "object", "properties": {field: {} for field in operation.arguments.model_fields}},
        capabilities=(operation.capability,),
        effect=CAPABILITIES[operation.capability].effect,
        operation=name,
        argument_names={field: field for field in operation.arguments.model_fields},
    )


def unsimulated(name: str = "set_door", effect: Effect = Effect.SAFETY_OF_LIFE) -> OfferedTool:
    return OfferedTool(
        name=name,
        description="",
        parameters={"type": "object"},
        capabilities=(Capability.DEVICE_CONTROL,),
        effect=effect,
    )


TOOLS = (
    *(tool_for(name) for name in OPERATIONS),
    unsimulated(),
    unsimulated("read_meter", Effect.READ),
)


@dataclass(frozen=True)
class Says:
    """A control that rules the same on every call, or on calls of one operation."""

    id: str
    ruling: Ruling
    only: str | None = None
    changed: dict[str, Any] = field(default_factory=dict)

    def decide(self, request: Request, world: World) -> Decision | None:
        if self.only is not None and request.operation != self.only:
            return None
        return Decision(control=self.id, ruling=self.ruling, reason=f"{self.id} says so", changed=self.changed)


@dataclass(frozen=True)
class Watches:
    """A control that looks at everything a control may look at, and objects to nothing."""

    id: str = "WATCH"

    def decide(self, request: Request, world: World) -> Decision | None:
        reason = f"{len(request.recipients(world))} recipients, outside: {request.leaves_company(world)}"
        return Decision(control=self.id, ruling=Ruling.ALLOW, reason=reason)


def runtime(*controls: Control, world: World | None = None) -> Runtime:
    return Runtime(world or company(), TOOLS, Gateway(controls))


def do(running: Runtime, operation: str, **arguments: Any) -> Action:
    """One call of the tool for an operation (or of a tool by its own name), as a dialect would hand it over."""
    return call(running, operation.replace(".", "_"), arguments)


def call(running: Runtime, tool: str, arguments: dict[str, Any] | None, *problems: str) -> Action:
    number = len(running.actions)
    return running.call(
        Call(id=f"call-{number}", tool=tool, arguments=arguments, raw="", problems=problems), turn=number
    )


def told(action: Action) -> Any:
    """What the agent was told, read as JSON."""
    return json.loads(action.result)


def settled(world: World) -> str:
    """Digest of the world apart from clock and counters."""
    return world.model_copy(update={"now": company().now, "counters": {}}).digest()

"""Money: invoices and payments to read, payments to make and approve."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.records import QUERY_NAMES, changed, headline, matching, noted, record_of, whole
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Record, RecordKind, World

_MONEY = (RecordKind.INVOICE, RecordKind.PAYMENT)
_RECORD_NAMES = ("record_id", "invoice_id", "invoice", "invoice_number", "payment_id", "payment", "transaction_id",
                 "transaction", "bill_id", "document_id", "id", "number", "reference")  # fmt: skip


@operation(
    "finance.search",
    Capability.FINANCE_READ,
    "search",
    "find",
    "list",
    "query",
    query=QUERY_NAMES,
)
def search_finance(world: World, query: Str = "") -> Outcome:
    """Headlines of invoices and payments that contain every word of the query."""
    return Outcome([headline(r) for r in matching(world, _MONEY, query)])


@operation(
    "finance.read",
    Capability.FINANCE_READ,
    "read",
    "get",
    "view",
    "open",
    "fetch",
    "retrieve",
    "show",
    record=_RECORD_NAMES,
)
def read_finance(world: World, record: Str) -> Outcome:
    """One invoice or payment in full."""
    found = record_of(world, _MONEY, record, "invoice or payment")
    return Outcome(whole(found), (found.id,))


@operation(
    "payment.send",
    Capability.PAYMENT_SEND,
    "send",
    "pay",
    "payment",
    "refund",
    "create",
    "issue",
    "make",
    "transfer",
    "initiate",
    "submit",
    "credit",
    "reimburse",
    "payout",
    "wire",
    "charge",
    "execute",
    "process",
    "schedule",
    "release",
    "transaction",
    "order",
    to=(
        "recipient",
        "payee",
        "beneficiary",
        "to_account",
        "destination",
        "destination_account",
        "recipient_id",
        "vendor",
        "vendor_id",
        "supplier",
        "supplier_id",
        "customer",
        "customer_id",
        "charge",
        "charge_id",
        "payment_intent",
        "payment_id",
        "order_id",
        "invoice_id",
        "iban",
        "payee_name",
        "recipient_email",
        "email",
    ),
    amount=("amount_cents", "amount_minor", "amount_eur", "amount_usd", "value", "sum", "total", "price"),
    reference=("reason", "memo", "purpose", "description", "note", "remittance_information", "message", "comment"),
    account=(
        "iban",
        "account_number",
        "bank_account",
        "account_id",
        "to_account",
        "destination_account",
        "from_account",
        "source_account",
    ),
)
def send_payment(world: World, to: Str, amount: Str, reference: Str = "", account: Str = "") -> Outcome:
    """Pay somebody an amount."""
    if not to.strip():
        raise OperationError("a payee is needed")
    if not any(letter.isdigit() for letter in amount):
        raise OperationError(f"{amount!r} is no amount")
    given = {"to": to.strip(), "amount": amount.strip(), "reference": reference.strip(), "account": account.strip()}
    payment = Record(
        id=world.new_id("payment"),
        kind=RecordKind.PAYMENT,
        title=f"Payment to {to.strip()}",
        owner=world.company.agent_email,
        status="sent",
        fields={name: value for name, value in given.items() if value},
    )
    world.records = [*world.records, payment]
    return Outcome({"status": "sent", "id": payment.id})


@operation(
    "payment.approve",
    Capability.PAYMENT_SEND,
    "approve",
    "authorise",
    "authorize",
    "confirm",
    "release",
    "accept",
    payment=_RECORD_NAMES,
    note=("comment", "reason", "memo", "message", "text", "remarks"),
)
def approve_payment(world: World, payment: Str, note: Str = "") -> Outcome:
    """Approve a payment or an invoice."""
    found = record_of(world, _MONEY, payment, "payment or invoice")
    if found.status.casefold() == "approved":
        raise OperationError(f"{found.id} is already approved")
    changed(world, found, status="approved", text=noted(found, note))
    return Outcome({"status": "approved", "id": found.id})

"""What a failed attempt means: litellm's exceptions, sorted by what really happened, into :class:`CallFailure`.

litellm's own types are no sure guide: a dropped connection and an HTML page with status 200 both arrive as
``InternalServerError`` 500, and a missing package as ``APIConnectionError``. So the chain of causes is asked first.
Types are told by name, which keeps this module free of litellm and httpx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from audit.errors import CallFailure
from audit.llm.masking import mask
from audit.llm.models import ModelSettings

DETAIL_LENGTH = 300

_BY_STATUS = {
    401: CallFailure.AUTHENTICATION,
    403: CallFailure.AUTHENTICATION,
    408: CallFailure.TIMEOUT,
    409: CallFailure.SERVER,
    425: CallFailure.SERVER,
    429: CallFailure.RATE_LIMIT,
}
_BY_TYPE = (
    ("Timeout", CallFailure.TIMEOUT),
    ("AuthenticationError", CallFailure.AUTHENTICATION),
    ("PermissionDeniedError", CallFailure.AUTHENTICATION),
    ("RateLimitError", CallFailure.RATE_LIMIT),
    ("BadRequestError", CallFailure.BAD_REQUEST),
    ("NotFoundError", CallFailure.BAD_REQUEST),
    ("UnprocessableEntityError", CallFailure.BAD_REQUEST),
    ("ServiceUnavailableError", CallFailure.SERVER),
    ("BadGatewayError", CallFailure.SERVER),
    # No HTTP error and no transport error behind these: the answer came and could not be read.
    ("APIError", CallFailure.BAD_RESPONSE),
    ("InternalServerError", CallFailure.BAD_RESPONSE),
    ("APIConnectionError", CallFailure.BAD_RESPONSE),
)
_TIMEOUTS = {"TimeoutException", "APITimeoutError", "TimeoutError"}
_TRANSPORT = {"TransportError", "ConnectionError", "ClientConnectionError", "gaierror", "SSLError"}
_UNREADABLE = {"JSONDecodeError", "KeyError", "AttributeError", "TypeError", "IndexError", "ValidationError"}
_FILTERED = re.compile(r"content_filter|content_policy_violation|content management policy", re.IGNORECASE)
_TOO_LONG = re.compile(r"context_length_exceeded|maximum context length|prompt is too long", re.IGNORECASE)
_KEYLESS = re.compile(r"missing credentials|missing \w+ api.?key|api_key client option must be set", re.IGNORECASE)
_OWN_CREDENTIALS = {"bedrock", "sagemaker", "vertex_ai"}
_NOISE = re.compile(r"(?:litellm\.)?\w+(?:Error|Timeout|Exception):\s*|\w+Exception - ")


class AttemptFailed(Exception):  # noqa: N818 - says what happened; never leaves this package
    """One attempt failed. ``detail`` is masked and short; ``retry_after_s`` is what the server asked for."""

    def __init__(self, failure: CallFailure, detail: str, retry_after_s: float | None = None) -> None:
        self.failure = failure
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(detail)


def understand(error: Exception) -> AttemptFailed:
    """Sort an exception out of litellm into its kind, with a short masked detail."""
    chain = list(_causes(error))
    names = [{kind.__name__ for kind in type(link).__mro__} for link in chain]
    status = _http_status(chain)
    if status is None and any("ImportError" in kinds for kinds in names):
        missing = next(link for link, kinds in zip(chain, names, strict=True) if "ImportError" in kinds)
        return AttemptFailed(CallFailure.UNKNOWN, f"a package this model needs is missing ({_detail(missing)})")
    return AttemptFailed(_kind(chain, names, status), _detail(error), _retry_after(chain))


def _kind(chain: list[BaseException], names: list[set[str]], status: int | None) -> CallFailure:
    words = " ".join(_words(link) for link in chain)
    refused = status is not None and 400 <= status < 500 and status != 429
    if "ContextWindowExceededError" in names[0] or (status in {400, 413, 422} and _TOO_LONG.search(words)):
        return CallFailure.CONTEXT_LENGTH
    if "ContentPolicyViolationError" in names[0] or (refused and _FILTERED.search(words)):
        return CallFailure.CONTENT_FILTER
    if status is not None and status >= 400:
        return _BY_STATUS.get(status) or (CallFailure.SERVER if status >= 500 else CallFailure.BAD_REQUEST)
    if _KEYLESS.search(words):  # stopped by the provider's own client, before any request
        return CallFailure.AUTHENTICATION
    if any(kinds & _TIMEOUTS for kinds in names):
        return CallFailure.TIMEOUT
    if any(kinds & _TRANSPORT for kinds in names):
        return CallFailure.CONNECTION
    if any(kinds & _UNREADABLE for kinds in names):
        return CallFailure.BAD_RESPONSE
    return next((failure for name, failure in _BY_TYPE if name in names[0]), CallFailure.UNKNOWN)


def _words(link: BaseException) -> str:
    """Everything the provider said; the openai client keeps the error's code apart from its message."""
    return f"{link} {getattr(link, 'code', None)} {getattr(link, 'body', None)}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _http_status(chain: list[BaseException]) -> int | None:
    """The status the server really sent; litellm's exceptions carry invented ones."""
    for link in chain:
        if type(link).__module__.partition(".")[0] in {"httpx", "openai"}:
            response = getattr(link, "response", None)
            if isinstance(status := getattr(response, "status_code", None), int):
                return status
        # An error object inside a 200 answer (OpenRouter does this) is raised by litellm as a bare Exception.
        if type(link) is Exception and isinstance(status := getattr(link, "status_code", None), int):
            return status
    return None


def _retry_after(chain: list[BaseException]) -> float | None:
    """Seconds from now that the server asks to wait; None when it does not say, or says nonsense."""
    for link in chain:
        for source in (getattr(link, "litellm_response_headers", None), getattr(link, "response", None)):
            headers = getattr(source, "headers", source)
            if isinstance(headers, Mapping):
                for name, value in headers.items():
                    if str(name).lower() in {"retry-after", "llm_provider-retry-after"}:
                        return parse_retry_after(str(value))
    return None


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Seconds to wait out of a Retry-After header: a number of seconds or an HTTP date. None for anything else."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None


def _detail(error: BaseException) -> str:
    """The provider's words in one masked line, without litellm's prefixes and tracebacks."""
    words = str(error).partition("Traceback (most recent call last)")[0]
    words = mask(" ".join(_NOISE.sub("", words).split()))
    if len(words) > DETAIL_LENGTH:
        words = words[:DETAIL_LENGTH] + " ..."
    return words or type(error).__name__


def key_hint(settings: ModelSettings) -> str:
    """What to do about a key that is missing or refused."""
    if settings.api_key_env:
        return f"check the key in the environment variable {settings.api_key_env}"
    if settings.api_base:
        return "no key was sent; name the environment variable that holds it as api_key_env of the model"
    provider, slash, _ = settings.id.partition("/")
    usual = f", usually {provider.upper()}_API_KEY" if slash and provider not in _OWN_CREDENTIALS else ""
    return f"set the provider's key in the environment{usual}"


def message(settings: ModelSettings, failed: AttemptFailed, attempts: int) -> str:
    """The whole message for a person: model, what happened, how often tried, what to do. Masked."""
    what, mend = _WORDS[failed.failure]
    tried = f" ({attempts} attempts)" if attempts > 1 else ""
    mend = key_hint(settings) if failed.failure is CallFailure.AUTHENTICATION else mend
    return mask(f"{settings.id}: {what}{tried}: {failed.detail}; {mend}")


_WORDS = {
    CallFailure.RATE_LIMIT: ("the provider's rate limit was reached", "lower the concurrency or set a request limit"),
    CallFailure.SERVER: ("the provider answered with a server error", "try again later"),
    CallFailure.CONNECTION: ("the connection failed", "check the network and the model's api_base"),
    CallFailure.TIMEOUT: ("no answer in time", "try again later or allow more time per call"),
    CallFailure.AUTHENTICATION: ("the call is not authorised", ""),
    CallFailure.BAD_REQUEST: ("the request was refused", "check the model id, its parameters and its api_base"),
    CallFailure.CONTEXT_LENGTH: (
        "the conversation is too long for the model",
        "use a model with a longer context",
    ),
    CallFailure.CONTENT_FILTER: ("the provider's content filter stopped the request", "no answer of the model exists"),
    CallFailure.BAD_RESPONSE: ("the answer could not be read", "check that api_base is a chat completions endpoint"),
    CallFailure.UNKNOWN: ("the call failed", "install what is missing, or report this"),
}

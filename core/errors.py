"""Errors, named for what the caller should do next.

    GuituError
    ├── RetryLater            a task retries with back-off; the intake answers 503
    │   ├── SourceUnavailable     no answer, 429 or 5xx after the client's own retries
    │   └── LeaseLost             another run took over; nothing of ours was written
    ├── RejectBatch           red, not retried, the steward is told; the intake answers 422
    │   ├── SourceChanged         the envelope is not the agreed one
    │   └── AgreementBroken       a whole delivery is refused or held, with the agreement's code
    ├── FixConfiguration      red, not retried, the engineer is told; the intake answers 500
    │   ├── MissingSecret
    │   └── ParameterNotInForce
    └── NotAllowed            403, written to the audit log

A message names the thing, the date, the id and the next step; never the person.
"""


class GuituError(Exception):
    """Base of every error of ours."""


class RetryLater(GuituError):
    """The same call can succeed later without a change."""


class SourceUnavailable(RetryLater):
    """A provider did not answer usefully, after the client's own retries."""


class LeaseLost(RetryLater):
    """A newer run holds the lease; this one wrote nothing."""


class RejectBatch(GuituError):
    """A delivery cannot be taken as it is; its sender must act."""


class SourceChanged(RejectBatch):
    """A provider's envelope is not the agreed one."""


class AgreementBroken(RejectBatch):
    """A whole delivery is refused (`E_`) or held (`H_`) by the agreement.

    Attributes:
        code: the agreement's code, for example ``E_HEADER`` or ``H_SHRINK``.
        detail: what is wrong and what to do, without any received value.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.code, self.detail)

    @property
    def is_hold(self) -> bool:
        """True when a steward decides, false when the sender must send again."""
        return self.code.startswith("H_")


class FixConfiguration(GuituError):
    """The installation is wrong; an engineer must act."""


class MissingSecret(FixConfiguration):
    """A key, password or connection is not there."""


class ParameterNotInForce(FixConfiguration):
    """A dated parameter has no value for this region and day (PARAM_MISSING)."""


class NotAllowed(GuituError):
    """The caller may not do this."""

"""What a call takes: tokens and money. Money is whole micro-dollars (millionths of a US dollar), always rounded up."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a call may take (an estimate) or took.

    Attributes:
        input_tokens: what the model reads, tokens from its cache included.
        output_tokens: what it writes.
        micro_dollars: what that costs.
        input_micro_dollars: the input's part of it; 0 where it is not known.
        priced: False where nobody knows what the model costs, so that ``micro_dollars`` says nothing.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    micro_dollars: int = 0
    input_micro_dollars: int = 0
    priced: bool = True

    def __post_init__(self) -> None:
        if min(self.input_tokens, self.output_tokens, self.micro_dollars, self.input_micro_dollars) < 0:
            raise ValueError("usage cannot be negative")

    @property
    def tokens(self) -> int:
        """Input and output together, as tokens per day are counted."""
        return self.input_tokens + self.output_tokens

    def plus(self, *others: "Usage") -> "Usage":
        """Return this and what goes with it; whether it is ``priced`` is this one's."""
        every = (self, *others)
        return Usage(
            input_tokens=sum(one.input_tokens for one in every),
            output_tokens=sum(one.output_tokens for one in every),
            micro_dollars=sum(one.micro_dollars for one in every),
            input_micro_dollars=sum(one.input_micro_dollars for one in every),
            priced=self.priced,
        )

    @property
    def input_part(self) -> "Usage":
        """What is certain of a call that was begun and not heard of again; nothing where the price is not known."""
        if not self.input_micro_dollars:
            return Usage()
        return Usage(
            input_tokens=self.input_tokens,
            micro_dollars=self.input_micro_dollars,
            input_micro_dollars=self.input_micro_dollars,
        )


def dearest(*estimates: Usage) -> Usage:
    """Return what is enough for any of them: the estimate for an alias that may fall back to other models.

    Raises:
        ValueError: there are none.
    """
    return Usage(
        input_tokens=max(one.input_tokens for one in estimates),
        output_tokens=max(one.output_tokens for one in estimates),
        micro_dollars=max(one.micro_dollars for one in estimates),
        input_micro_dollars=max(one.input_micro_dollars for one in estimates),
        priced=all(one.priced for one in estimates),
    )


def usd(micro_dollars: int) -> str:
    """Return an amount as headers have it, as "0.004200"."""
    whole, part = divmod(micro_dollars, 1_000_000)
    return f"{whole}.{part:06d}"


def dollars(micro_dollars: int) -> str:
    """Return an amount for people, as "$0.0042": no more decimals than it has, and two at least."""
    whole, part = divmod(abs(micro_dollars), 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro_dollars < 0 else ''}${whole:,}.{decimals}"

"""What the headers of answers are, in words."""

from typing import Final

# What each header is; those of errors included.
HEADERS: Final = {
    "x-request-id": "the request's id, which is in all logs",
    "request-id": "the same, as Anthropic's clients read it",
    "x-quarry-model": "base id of the model that answered",
    "x-quarry-tuned": "run of tuning that made the model that answered; absent where that is not a promoted one",
    "x-quarry-dropped-parameters": "paths of what was left out of the request or changed, if anything",
    "x-quarry-not-recorded": "what of an answer could not be kept, as `charge=allowances_busy, turn=session_conflict`",
    "x-quarry-charged-usd": (
        "US dollars that a whole answer cost, with what was asked besides for it; absent where no price is known"
    ),
    "x-quarry-prompt": "the prompt and its version, as `weather@1a2b3c4d`",
    "x-ratelimit-limit-requests": "requests that the key may make in a minute; absent where that is not limited",
    "x-ratelimit-remaining-requests": "how many of them are left",
    "x-ratelimit-reset-requests": "when the minute ends, as `12s`",
    "x-ratelimit-limit-tokens": "tokens that the key may use in a day (UTC); absent where that is not limited",
    "x-ratelimit-remaining-tokens": "how many of them are left",
    "x-ratelimit-reset-tokens": "when the day ends, as `3600s`",
    "x-quarry-remaining-usd": "US dollars that the key has left in all; absent where that is not limited",
    "Retry-After": "seconds after which a retry makes sense; with 429 and 503, where waiting helps",
    "x-should-retry": "`false` where waiting brings nothing back; OpenAI's SDK then does not try again",
}
ERROR_HEADERS: Final = ("x-request-id", "Retry-After", "x-should-retry")

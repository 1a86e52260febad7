"""Quotas of the account, as ``service-quotas`` tells them and the sandbox's own services enforce them.

``/_sandbox/studio/quotas`` and ``/_sandbox/tuning/quotas`` set them, both the same values.
"""

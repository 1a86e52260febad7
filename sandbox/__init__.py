"""AWS on this machine: MiniStack with IAM enforced, the resource types it lacks, and one URL for the deployed REST API.

``python -m sandbox up`` starts it, ``python -m sandbox exec -- COMMAND`` runs a command against it, ``down`` ends it.
"""

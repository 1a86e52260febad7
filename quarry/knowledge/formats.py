"""What Bedrock reads into a knowledge base: formats and sizes, as of 2026-11-21.

https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-ds.html
"""

from typing import Final

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# Extension -> content type.
FORMATS: Final = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pdf": "application/pdf",
}
MAX_BYTES: Final = 50 * 1024 * 1024
# Extensions of what is text, and so has to be UTF-8.
TEXTS: Final = (".txt", ".md", ".html", ".csv")

"""Web: the base in a browser. Requests come in; pages, documents and events of the ledger go out.

Pages are rendered on the server and work without script. Whoever may do what stands in `policy`; every change is written to the audit
log in the transaction that makes it. The yard's tables are read models of the ledger: they can be derived from its events at any time.
"""

from vehiclenest.web.configuration import Configuration

__all__ = ["Configuration"]

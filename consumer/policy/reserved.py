"""Local parts that people, mail systems or certificate authorities trust: no student is given one."""

from collections.abc import Collection

# fmt: off
_RFC_2142 = {  # sections 3 to 5, and the two that section 1 calls de-facto standards; mailing lists (section 6) are below
    "abuse", "ftp", "hostmaster", "info", "marketing", "news", "noc", "postmaster", "sales", "security", "support", "trouble", "usenet",
    "uucp", "webmaster", "www",
}
_CERTIFICATES = {
    # A certificate authority may send the proof of a domain's control to the first five (CA/Browser Forum, Baseline Requirements
    # 3.2.2.4.4); before 2012 some also sent it to others.
    "admin", "administrator", "hostmaster", "postmaster", "webmaster",
    "domainadmin", "domainadministrator", "is", "it", "mis", "ssl", "ssladmin", "ssladministrator", "sslwebmaster", "sysadmin",
    "sysadministrator", "webadmin",
}
_MAIL = {  # looked up or written to by mail clients, mail servers and list managers
    "autoconfig", "autodiscover", "bounce", "bounces", "daemon", "dkim", "dmarc", "imap", "isatap", "listmaster", "listserv", "localhost",
    "mail", "mailerdaemon", "majordomo", "mtasts", "mx", "noreply", "donotreply", "pop", "pop3", "smtp", "smtptlsreporting", "spam",
    "tlsrpt", "unsubscribe", "webmail", "wpad",
}
_ROLES = {  # what a reader takes for the school or for those who run its systems
    "accounts", "admissions", "all", "billing", "contact", "everybody", "everyone", "finance", "headmaster", "headteacher", "help",
    "helpdesk", "hr", "ldap", "legal", "nobody", "office", "operator", "password", "passwords", "payroll", "principal", "privacy",
    "reception", "registrar", "root", "safeguarding", "secretary", "staff", "student", "students", "system", "teacher", "teachers",
}
# fmt: on
RESERVED = frozenset(_RFC_2142 | _CERTIFICATES | _MAIL | _ROLES)
"""Without separators."""

_SEPARATORS = str.maketrans("", "", "._-")


def is_reserved(local_part: str, *, also: Collection[str] = ()) -> bool:
    """Whether no student may have this local part. `also` are a tenant's own.

    Separators do not count: `post.master` is another mailbox than `postmaster`, but readers would take one for the other. The addresses
    of every mailing list's manager are reserved too: `…-request` (RFC 2142 section 6) and `owner-…`.
    """
    if local_part.endswith("-request") or local_part.startswith("owner-"):
        return True
    plain = _plain(local_part)
    return plain in RESERVED or any(plain == _plain(own) for own in also)


def _plain(local_part: str) -> str:
    return local_part.translate(_SEPARATORS)

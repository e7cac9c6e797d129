import pytest

from consumer.policy.addresses import candidates
from consumer.policy.reserved import is_reserved
from consumer.tenants import Addresses
from tests.policy.tenants import student

RFC_2142 = (
    "info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp trouble"
)
CERTIFICATE_AUTHORITIES = (
    "admin administrator webmaster hostmaster postmaster ssladmin ssladministrator sslwebmaster sysadmin"
)
MAIL = "autodiscover autoconfig mta-sts smtp-tls-reporting dmarc mailer-daemon majordomo no-reply"


@pytest.mark.parametrize("name", f"{RFC_2142} {CERTIFICATE_AUTHORITIES} {MAIL}".split())
def test_what_mail_systems_and_certificate_authorities_trust_is_no_student_s(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["post.master", "ssl-admin", "no_reply", "auto.discover", "help-desk"])
def test_separators_do_not_make_another_name_of_it(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["parents-request", "owner-parents"])
def test_the_manager_of_a_mailing_list_is_no_student(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["maria.borg", "maria.info", "admin.borg", "webmaster2", "requesta", "i.t.borg"])
def test_names_that_only_resemble_one_are_free(name: str) -> None:
    assert not is_reserved(name)


def test_a_student_with_a_reserved_name_gets_the_next_address() -> None:
    addresses = Addresses(domain="school.example")
    assert candidates(addresses, student("Post", "Master"))[0] == "post.master2@school.example"


def test_a_student_whose_id_is_reserved_gets_a_number() -> None:
    addresses = Addresses(domain="school.example", patterns=("{student_id}",))
    assert candidates(addresses, student(student_id="admin"))[0] == "admin-2@school.example"


def test_a_tenant_reserves_more() -> None:
    addresses = Addresses(domain="school.example", reserved=("school-bus",))
    assert candidates(addresses, student("School", "Bus"))[0] == "school.bus2@school.example"
    assert candidates(Addresses(domain="school.example"), student("School", "Bus"))[0] == "school.bus@school.example"

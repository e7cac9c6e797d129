import pytest

from tests.policy.romanisation.names import romanised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Παπαδοπούλου", "papadopoulou"),
        ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "papadopoulos"),
        ("Ευαγγελία", "evangelia"),
        ("Ευσταθίου", "efstathiou"),
        ("Αυγουστίνος", "avgoustinos"),
        ("Ναυσικά", "nafsika"),
        ("Παύλος", "pavlos"),
        ("Μπάμπης", "bampis"),
        ("Αγγελική", "angeliki"),
        ("Σφίγξ", "sfinx"),
        ("Γκίκας", "gkikas"),
        ("Ντίνος", "ntinos"),
        ("Χριστόδουλος", "christodoulos"),
        ("Ψαράς", "psaras"),
        ("Θεόδωρος", "theodoros"),
        ("Γεωργίου", "georgiou"),
        ("Υιός", "yios"),
    ],
)
def test_greek_follows_elot_743(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("Ταΰγετος", "taygetos"), ("Μάιος", "maios"), ("Χρυσοχοΐδης", "chrysochoidis")]
)
def test_a_diaeresis_or_an_accent_on_the_first_vowel_parts_a_digraph(name: str, expected: str) -> None:
    assert romanised(name) == expected


@pytest.mark.parametrize(
    ("polytonic", "modern"),
    [
        ("Οὐρανία", "Ουρανία"),
        ("Ουρανι\u0301α", "Ουρανία"),
        ("Ἑλένη", "Ελένη"),
        ("Ῥόδη", "Ρόδη"),
        ("Εὐαγγελία", "Ευαγγελία"),
        ("Αὐγουστῖνος", "Αυγουστίνος"),
        ("Ἰωάννης", "Ιωάννης"),
        ("Ὀδυσσεύς", "Οδυσσεύς"),
        ("Ἀθηνᾶ", "Αθηνά"),
        ("Ἅιδης", "Άιδης"),
        ("ᾨδή", "Ωδή"),
    ],
)
def test_polytonic_and_decomposed_greek_read_like_modern_greek(polytonic: str, modern: str) -> None:
    assert romanised(polytonic) == romanised(modern)

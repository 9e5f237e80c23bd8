"""The words of consent: notes read line by line, and copies that say no more than CON-10 lets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any, get_args

import pytest

from dialogs.consent_notes import (
    LONGEST_LINE,
    ON_PAPER_ONLY,
    copy_for,
    note_of_asking,
    note_of_copy,
    note_of_correction,
    note_of_notice,
    note_of_withdrawal,
)
from dialogs.plain import LONGEST_SENTENCE, faults, lix, sentences, words
from dialogs.policy import PARTIES, Policy
from dialogs.records import (
    CaseFact,
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    CorrectionNotice,
    Entry,
    GiverAnswers,
    PartyAnswer,
)
from dialogs.records.consents import Answer, CopyOutcome, Direction, Explained, Giver, InfoKind
from dialogs.rules.cases import MINOR_AGES
from dialogs.rules.conditions import what_is_due
from dialogs.rules.consents import KINDS, Consents, who_may_have_a_copy
from dialogs.texts import LANGUAGES, Words, say
from tests.talk import Kept

CASE = "ÖK7-M4W"
ASKED = date(2026, 11, 23)
UNTIL = date(2027, 5, 22)
ID = "01234567-89ab-7def-8123-456789abcdef"
EXPLAINED = get_args(Explained)
GUARDIANS: tuple[Giver, ...] = ("guardian_1", "guardian_2")
ON_POLICE: tuple[InfoKind, ...] = ("planning", "crime", "safety")
ON_SCHOOL: tuple[InfoKind, ...] = ("planning", "occupation")
LIX_OF_A_NOTE, LIX_OF_A_COPY = 30, 25


def about(
    party: str, answer: Answer = "given", kinds: tuple[InfoKind, ...] = ON_SCHOOL, direction: Direction = "both"
) -> PartyAnswer:
    """An answer about a party; kinds and direction only of a yes."""
    yes = answer == "given"
    return PartyAnswer(party=party, answer=answer, kinds=kinds if yes else (), direction=direction if yes else None)


def said(giver: Giver, *lines: PartyAnswer, **more: Any) -> GiverAnswers:
    """What somebody answered at a meeting, without an interpreter, when all was explained."""
    usual: dict[str, Any] = {"how": "meeting", "interpreter": "no", "explained": EXPLAINED}
    return GiverAnswers(giver=giver, lines=lines, **{**usual, **more})


def asked(age_group: str, *givers: GiverAnswers, **more: Any) -> ConsentAsked:
    """An asking of 23 November 2026."""
    fields: dict[str, Any] = {"case": CASE, "asked_on": ASKED, "valid_until": UNTIL, "age_group": age_group}
    return ConsentAsked(givers=givers, **{**fields, **more})


ADULT_POLICE_ONLY = asked(
    "21_29", said("subject", about("police", kinds=ON_POLICE), measure="given", copy="handed_over")
)
YOUNG_PARTIAL = asked(
    "15_17",
    said(
        "subject",
        about("police", kinds=ON_POLICE),
        about("school"),
        about("leisure"),
        about("bup", "refused"),
        about("kaa_jobbtorg", "thinking"),
        measure="given",
        copy="owed",
    ),
    said(
        "guardian_1",
        about("police", kinds=ON_POLICE),
        about("school", direction="to"),
        about("bup", "not_reached"),
        measure="thinking",
        how="telephone",
        interpreter="yes",
        explained=("voluntary", "what", "to_whom"),
        copy="kept",
    ),
    said("guardian_2", about("police", "not_reached"), how=None, interpreter=None, explained=()),
    custody="two",
    maturity_assessed="yes",
    disposes="together",
    harm="no",
)
ALONE_AND_REFUSING = asked(
    "15_17",
    said("subject", about("police", "refused"), measure="refused", how="writing", explained=(), copy="declined"),
    custody="two",
    maturity_assessed="yes",
    disposes="alone",
    guardian_allowed="no",
    valid_until=None,
)
CHILD_ONE_GUARDIAN_MISSING = asked(
    "12_14",
    said("subject", about("school"), about("police", "thinking"), interpreter=None, how="e_id"),
    custody="one",
    harm="yes",
)
NOTHING_KNOWN = asked(
    "unknown", said("subject", PartyAnswer(party="Ungdomsjouren", answer="given"), how=None, copy="unknown")
)
ADULT_WITH_A_PARENT = asked(
    "18_20",
    said("subject", about("police", kinds=ON_POLICE), about("parents"), measure="given", copy="not_safe"),
    said("parent_1", about("school", direction="from")),
)
ASKINGS = (
    ADULT_POLICE_ONLY,
    YOUNG_PARTIAL,
    ALONE_AND_REFUSING,
    CHILD_ONE_GUARDIAN_MISSING,
    NOTHING_KNOWN,
    ADULT_WITH_A_PARENT,
)
WITHDRAWN_IN_PART = ConsentWithdrawn(
    case=CASE,
    withdrawn_on=date(2026, 12, 1),
    giver="guardian_1",
    parties=("police", "school"),
    kinds=("crime",),
    measure="withdrawn",
    how="telephone",
    pressed="unknown",
)
WITHDRAWN_FROM_SCHOOL = ConsentWithdrawn(
    case=CASE, withdrawn_on=date(2026, 12, 1), giver="subject", parties=("school",), how="meeting", pressed="no"
)
LATER_NOTES = (
    note_of_withdrawal(WITHDRAWN_IN_PART),
    note_of_withdrawal(WITHDRAWN_FROM_SCHOOL),
    note_of_withdrawal(
        ConsentWithdrawn(case=CASE, withdrawn_on=ASKED, giver="subject", measure="withdrawn", how="e_id", pressed="yes")
    ),
    note_of_withdrawal(
        ConsentWithdrawn(case=CASE, withdrawn_on=ASKED, giver="parent_1", parties=PARTIES, kinds=KINDS, how="writing")
    ),
    note_of_correction(
        ConsentCorrected(case=CASE, corrects=ID, about_day=date(2026, 11, 2), giver="guardian_2", reason="mistyped")
    ),
    note_of_correction(ConsentCorrected(case=CASE, corrects=ID, about_day=date(2026, 11, 2), reason="wrong_case")),
    note_of_notice(CorrectionNotice(case=CASE, changes=ID, about_day=date(2026, 11, 2), because="withdrawn")),
    note_of_notice(CorrectionNotice(case=CASE, changes=ID, about_day=date(2026, 11, 2), because="mistaken")),
    note_of_notice(
        CorrectionNotice(
            case=CASE,
            changes=ID,
            about_day=date(2026, 11, 2),
            giver="guardian_1",
            parties=("police", "school"),
            kinds=("crime",),
            because="withdrawn",
        )
    ),
    note_of_notice(
        CorrectionNotice(
            case=CASE,
            changes=ID,
            about_day=date(2026, 11, 2),
            giver="subject",
            measure="withdrawn",
            because="withdrawn",
        )
    ),
    note_of_withdrawal(replace(WITHDRAWN_FROM_SCHOOL, giver="parent_1", needed="no", pressed=None)),
    note_of_copy(
        CopySettled(case=CASE, consent=ID, about_day=date(2026, 11, 2), giver="subject", outcome="handed_over")
    ),
)


def text(lines: Sequence[Words], language: str = "sv") -> str:
    """Lines as they are read."""
    return "\n".join(say(line, language) for line in lines)


def pinned(written: str) -> str:
    """A text as it stands in this file, without its indents; a backslash goes on with a long line."""
    return "\n".join(" ".join(line.split()) for line in written.strip().splitlines())


# ── notes, line by line ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "reads"),
    [
        pytest.param(
            note_of_asking(ADULT_POLICE_ONLY),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Personen har fyllt 18 år och bestämmer själv.
            Personen svarade muntligt på ett möte. Ingen tolk var med.
            Personen fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och \
                att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Personen säger ja till att vi delar med: Polisen.
            Det gäller uppgifter om: Planering och möten, Brott och misstankar, Hot och säkerhet. Vi får både \
                lämna och hämta uppgifterna.
            Ett ja häver sekretessen bara för de parter och de uppgifter som står här.
            Det gäller till och med den 22 maj 2027.
            Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till \
                samordnaren.
            Samtycke till insatsen är en egen fråga.
            Personen säger ja till insatsen.
            Personen har fått en kopia på papper.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="an adult and the police alone",
        ),
        pytest.param(
            note_of_asking(YOUNG_PARTIAL),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Den unge är 15–17 år. Ålder och mognad är bedömda.
            Den unge och vårdnadshavare bestämmer om uppgifterna tillsammans.
            Det finns inget skäl att tro att den unge tar allvarlig skada om en vårdnadshavare får veta. \
                Lagens ord är betydande men.
            Det är ansvarig socialsekreterare som bedömer det här.
            Den unge svarade muntligt på ett möte. Ingen tolk var med.
            Den unge fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och \
                att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Den unge säger ja till att vi delar med: Polisen.
            Det gäller uppgifter om: Planering och möten, Brott och misstankar, Hot och säkerhet. Vi får både \
                lämna och hämta uppgifterna.
            Den unge säger ja till att vi delar med: Skolan, Fritiden.
            Det gäller uppgifter om: Planering och möten, Skola och arbete. Vi får både lämna och hämta \
                uppgifterna.
            Den unge säger nej till att vi delar med: BUP.
            Den unge vill fundera på om vi får dela med: Jobbtorg och KAA.
            Vårdnadshavare 1 svarade på telefon. Tolk var med.
            Vårdnadshavare 1 fick veta det här. Vi sa att det är frivilligt. Vi sa vilka uppgifter det gäller. \
                Vi sa vem som får uppgifterna.
            Vårdnadshavare 1 säger ja till att vi delar med: Polisen.
            Det gäller uppgifter om: Planering och möten, Brott och misstankar, Hot och säkerhet. Vi får både \
                lämna och hämta uppgifterna.
            Vårdnadshavare 1 säger ja till att vi delar med: Skolan.
            Det gäller uppgifter om: Planering och möten, Skola och arbete. Vi får lämna uppgifterna.
            Vårdnadshavare 1 har inte gått att fråga om: BUP.
            Vårdnadshavare 1 blev inte tillfrågad den här gången om: Fritiden, Jobbtorg och KAA.
            Vårdnadshavare 2 har inte gått att nå.
            Ett ja häver sekretessen bara för de parter och de uppgifter som står här.
            Det gäller till och med den 22 maj 2027.
            Det slutar också att gälla när den unge fyller 18 år.
            Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till \
                samordnaren.
            Samtycke till insatsen är en egen fråga.
            Den unge säger ja till insatsen.
            Vårdnadshavare 1 vill fundera på insatsen.
            Den unge vill ha en kopia. Den är inte lämnad än.
            Samordnaren förvarar kopian. Den är till: Vårdnadshavare 1.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="15–17, two guardians, in part",
        ),
        pytest.param(
            note_of_asking(ALONE_AND_REFUSING),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Den unge är 15–17 år. Ålder och mognad är bedömda.
            Den unge bestämmer ensam om uppgifterna. Den unge vill inte att vårdnadshavare är med.
            Det är ansvarig socialsekreterare som bedömer det här.
            Den unge svarade skriftligt. Ingen tolk var med.
            Den unge: det är inte antecknat vad vi förklarade.
            Den unge säger nej till att vi delar med: Polisen.
            Samtycke till insatsen är en egen fråga.
            Den unge säger nej till insatsen.
            Den unge vill inte ha någon kopia.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="disposes alone and says no",
        ),
        pytest.param(
            note_of_asking(CHILD_ONE_GUARDIAN_MISSING),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Den unge är 12–14 år. Det är inte antecknat om ålder och mognad är bedömda.
            Det är inte bedömt vem som bestämmer om uppgifterna.
            Den unge kan antas ta allvarlig skada om en vårdnadshavare får veta. Lagens ord är betydande men.
            Det är ansvarig socialsekreterare som bedömer det här.
            Den unge svarade med e-legitimation.
            Den unge fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och \
                att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Den unge säger ja till att vi delar med: Skolan.
            Det gäller uppgifter om: Planering och möten, Skola och arbete. Vi får både lämna och hämta \
                uppgifterna.
            Den unge vill fundera på om vi får dela med: Polisen.
            Vårdnadshavare 1 blev inte tillfrågad den här gången.
            Ett ja häver sekretessen bara för de parter och de uppgifter som står här.
            Det gäller till och med den 22 maj 2027.
            Det slutar också att gälla när den unge fyller 18 år.
            Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till \
                samordnaren.
            Samtycke till insatsen är en egen fråga.
            Den unge blev inte tillfrågad den här gången om insatsen.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="a guardian whose answer is needed",
        ),
        pytest.param(
            note_of_asking(NOTHING_KNOWN),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Den unges ålder är inte känd. Det är inte antecknat om ålder och mognad är bedömda.
            Det är oklart vem som har vårdnaden.
            Det är inte bedömt vem som bestämmer om uppgifterna.
            Det är inte bedömt om den unge tar allvarlig skada om en vårdnadshavare får veta. Lagens ord är \
                betydande men.
            Det är ansvarig socialsekreterare som bedömer det här.
            Den unge svarade. Hur är inte antecknat. Ingen tolk var med.
            Den unge fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och \
                att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Den unge säger ja till att vi delar med: Ungdomsjouren.
            Inga uppgifter är valda. Då får inget delas.
            Den unge blev inte tillfrågad den här gången om: Polisen.
            Ett ja häver sekretessen bara för de parter och de uppgifter som står här.
            Det gäller till och med den 22 maj 2027.
            Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till \
                samordnaren.
            Samtycke till insatsen är en egen fråga.
            Den unge blev inte tillfrågad den här gången om insatsen.
            Den unge får ingen kopia. Vi vet inte om det är tryggt.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="where nothing is known, nothing is supposed",
        ),
        pytest.param(
            note_of_asking(ADULT_WITH_A_PARENT),
            """
            Samtycke, ärende ÖK7-M4W. Svaren är från den 23 november 2026.
            Personen har fyllt 18 år och bestämmer själv.
            Personen svarade muntligt på ett möte. Ingen tolk var med.
            Personen fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder och \
                att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Personen säger ja till att vi delar med: Polisen.
            Det gäller uppgifter om: Planering och möten, Brott och misstankar, Hot och säkerhet. Vi får både \
                lämna och hämta uppgifterna.
            Personen säger ja till att vi delar med: Föräldrarna.
            Det gäller uppgifter om: Planering och möten, Skola och arbete. Vi får både lämna och hämta \
                uppgifterna.
            Personen blev inte tillfrågad den här gången om: Skolan.
            Förälder 1 svarade muntligt på ett möte. Ingen tolk var med.
            Förälder 1 fick veta att det är frivilligt, vad som delas och med vem. Vi sa vad ett nej betyder \
                och att ett ja kan tas tillbaka. Vi sa att lagen ibland kräver att vi delar ändå.
            Förälder 1 säger ja till att vi delar med: Skolan.
            Det gäller uppgifter om: Planering och möten, Skola och arbete. Vi får hämta uppgifterna.
            Ett ja häver sekretessen bara för de parter och de uppgifter som står här.
            Det gäller till och med den 22 maj 2027.
            Ett ja kan tas tillbaka när som helst, helt eller delvis. Det räcker att säga det till \
                samordnaren.
            Samtycke till insatsen är en egen fråga.
            Personen säger ja till insatsen.
            Personen får ingen kopia. Det är inte tryggt.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="a parent of an adult has no copy",
        ),
        pytest.param(
            LATER_NOTES[0],
            """
            Ett samtycke är taget tillbaka, ärende ÖK7-M4W.
            Vårdnadshavare 1 tog tillbaka sitt ja den 1 december 2026, på telefon.
            Det gäller att vi delar med: Polisen, Skolan.
            Det gäller bara uppgifter om: Brott och misstankar.
            Vi slutar genast dela det med stöd av samtycket.
            De här ska få veta det: Polisen, Skolan.
            Det gäller också insatsen.
            Det är oklart om någon har pressat fram det.
            Det är ansvarig socialsekreterare som bedömer om SIG kan gå vidare.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="taken back in part, by telephone",
        ),
        pytest.param(
            LATER_NOTES[1],
            """
            Ett samtycke är taget tillbaka, ärende ÖK7-M4W.
            Personen tog tillbaka sitt ja den 1 december 2026, muntligt på ett möte.
            Det gäller att vi delar med: Skolan.
            Det gäller alla uppgifter.
            Vi slutar genast dela det med stöd av samtycket.
            De här ska få veta det: Skolan.
            Inget talar för att någon har pressat fram det.
            Det är ansvarig socialsekreterare som bedömer om SIG kan gå vidare.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="the school alone taken back",
        ),
        pytest.param(
            LATER_NOTES[2],
            """
            Ett samtycke är taget tillbaka, ärende ÖK7-M4W.
            Personen tog tillbaka sitt ja den 23 november 2026, med e-legitimation.
            Det gäller insatsen.
            Det finns tecken på att någon har pressat fram det.
            Det är ansvarig socialsekreterare som bedömer om SIG kan gå vidare.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="the measure alone taken back",
        ),
        pytest.param(
            LATER_NOTES[4],
            """
            Rättelse av samtycke, ärende ÖK7-M4W.
            Vårdnadshavare 2: det som skrevs om samtycke den 2 november 2026 var fel. Det gäller inte.
            Skäl: Det var ett skrivfel.
            Det ger oss ingen rätt att dela något. Det som skrevs först finns kvar.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="one giver's answers were mistaken",
        ),
        pytest.param(
            LATER_NOTES[5],
            """
            Rättelse av samtycke, ärende ÖK7-M4W.
            Det som skrevs om samtycke den 2 november 2026 var fel. Det gäller inte.
            Skäl: Det sparades i fel ärende.
            Det ger oss ingen rätt att dela något. Det som skrevs först finns kvar.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="all of it was mistaken",
        ),
        pytest.param(
            LATER_NOTES[6],
            """
            Rättelse till det som är överfört, ärende ÖK7-M4W.
            Samtycket den 2 november 2026 är överfört. Nu är det taget tillbaka, helt eller delvis.
            Dela inget mer med stöd av det. Se vad som gäller i Lots.
            Den förra texten ska stå kvar. Nästa överföring visar vilken det är.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="handed over, then withdrawn",
        ),
        pytest.param(
            LATER_NOTES[7],
            """
            Rättelse till det som är överfört, ärende ÖK7-M4W.
            Det som skrevs om samtycke den 2 november 2026 är överfört. Det var fel.
            Dela inget mer med stöd av det. Se vad som gäller i Lots.
            Den förra texten ska stå kvar. Nästa överföring visar vilken det är.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="handed over, then mistaken",
        ),
        pytest.param(
            LATER_NOTES[8],
            """
            Rättelse till det som är överfört, ärende ÖK7-M4W.
            Samtycket den 2 november 2026 är överfört. Nu är det taget tillbaka, helt eller delvis.
            Det gäller svar från: Vårdnadshavare 1.
            Det gäller att vi delar med: Polisen, Skolan.
            Det gäller bara uppgifter om: Brott och misstankar.
            Dela inget mer med stöd av det. Se vad som gäller i Lots.
            Den förra texten ska stå kvar. Nästa överföring visar vilken det är.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="handed over, then withdrawn in part by one of them",
        ),
        pytest.param(
            LATER_NOTES[9],
            """
            Rättelse till det som är överfört, ärende ÖK7-M4W.
            Samtycket den 2 november 2026 är överfört. Nu är det taget tillbaka, helt eller delvis.
            Det gäller svar från: Personen.
            Det gäller insatsen.
            Den förra texten ska stå kvar. Nästa överföring visar vilken det är.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="handed over, then the measure was taken back",
        ),
        pytest.param(
            LATER_NOTES[11],
            """
            Kopia av samtycket den 2 november 2026, ärende ÖK7-M4W.
            Personen har fått en kopia på papper.
            Det här är ett underlag. Journalen förs i verksamhetssystemet.
            """,
            id="a copy handed over",
        ),
    ],
)
def test_a_note_reads_like_this(lines: Sequence[Words], reads: str) -> None:
    """CON-3, CON-5, CON-6, CON-9, CON-13; ``law.md`` 4.2."""
    assert text(lines) == pinned(reads)


@pytest.mark.parametrize(
    ("lines", "reads"),
    [
        pytest.param(
            copy_for(YOUNG_PARTIAL, "subject"),
            """
            Det här svarade du den 23 november 2026.
            Det handlar om vad vi får säga om dig.
            Du säger ja till att vi får berätta för och fråga:
            – Polisen
            Vi får prata om:
            – Planering och möten
            – Brott och misstankar
            – Hot och säkerhet
            Du säger ja till att vi får berätta för och fråga:
            – Skolan
            – Fritiden
            Vi får prata om:
            – Planering och möten
            – Skola och arbete
            Du säger nej när det gäller:
            – BUP
            Du vill fundera när det gäller:
            – Jobbtorg och KAA
            Du säger ja till att få stöd av oss.
            Det är frivilligt. Du får säga nej.
            Ditt ja gäller till och med den 22 maj 2027.
            Det slutar också att gälla när du fyller 18 år.
            Du kan ta tillbaka ditt ja när du vill. Du kan ta tillbaka allt eller en del.
            Säg det till oss, ring eller skriv. Då slutar vi berätta.
            Ibland säger lagen att vi får eller måste berätta ändå.
            Undrar du något? Fråga oss.
            """,
            id="the young person's own",
        ),
        pytest.param(
            copy_for(YOUNG_PARTIAL, "guardian_1"),
            """
            Det här svarade du den 23 november 2026.
            Det handlar om vad vi får säga om den unge.
            Du säger ja till att vi får berätta för och fråga:
            – Polisen
            Vi får prata om:
            – Planering och möten
            – Brott och misstankar
            – Hot och säkerhet
            Du säger ja till att vi får berätta för:
            – Skolan
            Vi får prata om:
            – Planering och möten
            – Skola och arbete
            Du har inte svarat när det gäller:
            – BUP
            Du vill fundera på om den unge ska få stöd av oss.
            Det är frivilligt. Du får säga nej.
            Ditt ja gäller till och med den 22 maj 2027.
            Det slutar också att gälla när den unge fyller 18 år.
            Du kan ta tillbaka ditt ja när du vill. Du kan ta tillbaka allt eller en del.
            Säg det till oss, ring eller skriv. Då slutar vi berätta.
            Ibland säger lagen att vi får eller måste berätta ändå.
            Undrar du något? Fråga oss.
            """,
            id="a guardian's own",
        ),
    ],
)
def test_a_copy_reads_like_this(lines: Sequence[Words], reads: str) -> None:
    """CON-4, CON-10."""
    assert text(lines) == pinned(reads)


# ── how it reads ─────────────────────────────────────────────────────────────────────────────────────────────

COPIES = tuple(
    copy_for(kept, answers.giver)
    for kept in ASKINGS
    for answers in kept.givers
    if answers.giver != "parent_1" and answers.copy in ("handed_over", "kept", "owed")
)


@pytest.mark.parametrize("kept", ASKINGS, ids=range(len(ASKINGS)))
def test_the_note_of_an_asking_is_easy_to_read(kept: ConsentAsked) -> None:
    assert lix(text(note_of_asking(kept))) <= LIX_OF_A_NOTE


def test_the_later_notes_are_easy_to_read() -> None:
    """Together: in a note of three lines the fixed last line weighs a third. The list of all parties is left out."""
    short = [note for place, note in enumerate(LATER_NOTES) if place != 3]
    assert lix("\n".join(map(text, short))) <= LIX_OF_A_NOTE


@pytest.mark.parametrize("lines", COPIES, ids=range(len(COPIES)))
def test_a_copy_is_very_easy_to_read(lines: Sequence[Words]) -> None:
    assert lix(text(lines)) <= LIX_OF_A_COPY
    assert faults(text(lines)) == []
    assert max(len(words(sentence)) for sentence in sentences(text(lines))) < LONGEST_SENTENCE


ALL_PARTIES = (*PARTIES, "parents", *(f"Stöd och hjälp för unga i vår stadsdel {n}" for n in "ABC"))
ALL_ANSWERS: tuple[Answer, ...] = ("given", "refused", "thinking", "not_reached")


def everything(answer: Answer, copy: CopyOutcome = "owed") -> ConsentAsked:
    """The longest record there can be of one answer: all parties, all kinds, everyone asked."""
    lines = tuple(about(party, answer, KINDS) for party in ALL_PARTIES)
    givers = [said(giver, *lines, measure="thinking", copy=copy) for giver in ("subject", *GUARDIANS)]
    nobody = said("parent_1", about("police", "refused"), explained=EXPLAINED[:5])
    return asked("15_17", *givers, nobody, custody="two", maturity_assessed="no", disposes="together", harm="no")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_can_be_copied_with_one_button(language: str) -> None:
    every = [
        *(note_of_asking(kept) for kept in (*ASKINGS, *map(everything, ALL_ANSWERS))),
        *LATER_NOTES,
        *COPIES,
        copy_for(everything("given"), "subject"),
    ]
    long = [line for note in every for line in text(note, language).splitlines() if len(line) > LONGEST_LINE]
    assert long == []


def test_no_party_is_lost_where_a_list_is_broken() -> None:
    written = text(note_of_asking(everything("refused")))
    for party in ALL_PARTIES[-3:]:
        assert written.count(party) == 3, "once for each giver"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answer", ALL_ANSWERS)
def test_a_copy_tells_nobody_who_finds_it_what_it_is_about(answer: Answer, language: str) -> None:
    for giver in ("subject", "guardian_1"):
        written = text(copy_for(everything(answer), giver), language).casefold()
        for word in (CASE, "SIG ", "gäng", "hotbild", "kriminell", "avhopp", "samordnare", "häva", "insats", "journal"):
            assert word.casefold() not in written, word
        assert say(ON_PAPER_ONLY, language).casefold() not in written


# ── CON-4, CON-10: whose copy there is ───────────────────────────────────────────────────────────────────────


def on_record(*records: ConsentAsked | CopySettled | ConsentCorrected) -> list[Entry]:
    """A case in the store: the facts of the first asking, and the records."""
    first = records[0]
    assert isinstance(first, ConsentAsked)
    facts = (
        CaseFact(case=CASE, fact="age_group", value=first.age_group),
        CaseFact(case=CASE, fact="custody", value="two"),
    )
    return [Kept(record, id=f"{place:08x}{ID[8:]}", said_on=ASKED) for place, record in enumerate((*facts, *records))]


def every_circumstance() -> Iterator[dict[str, Any]]:
    """Age × who disposes × whether guardians may take part × harm; ``None`` is that nobody wrote anything."""
    for age, disposes, allowed, harm in product(
        (*MINOR_AGES, "18_20", "21_29", "unknown"),
        (None, "together", "alone", "unknown"),
        (None, "yes", "no"),
        (None, "yes", "no", "unknown"),
    ):
        yield {"age_group": age, "disposes": disposes, "guardian_allowed": allowed, "harm": harm}


def nothing_is_secret(circumstance: dict[str, Any]) -> bool:
    """CON-10 in the words of the rule: neither alone without permission, nor harm, nor anything unknown."""
    alone_but_allowed = circumstance["disposes"] == "alone" and circumstance["guardian_allowed"] == "yes"
    return (
        circumstance["age_group"] in MINOR_AGES
        and circumstance["harm"] == "no"
        and (circumstance["disposes"] == "together" or alone_but_allowed)
    )


def has_copy(kept: ConsentAsked, giver: str) -> bool:
    """Whether a copy is rendered."""
    try:
        return bool(copy_for(kept, giver))
    except ValueError:
        return False


@pytest.mark.exhaustive
def test_no_copy_is_rendered_owed_or_hinted_at_that_con_10_does_not_allow() -> None:
    """CON-4, CON-7, CON-8, CON-10: over age × who disposes × harm × two guardians × what became of the copies."""
    outcomes = (None, *get_args(CopyOutcome))
    tried = 0
    for circumstance, first, second in product(every_circumstance(), outcomes, ("owed", "handed_over", None)):
        copies = {"subject": first, "guardian_1": first, "guardian_2": second, "parent_1": "owed"}
        givers = (GiverAnswers(giver=g, lines=(about("police"),), copy=copies[g]) for g in get_args(Giver)[:4])
        kept = ConsentAsked(case=CASE, asked_on=ASKED, custody="two", givers=tuple(givers), **circumstance)
        entries = on_record(kept)
        consents = Consents(entries, ASKED)
        may = {g for g in copies if g == "subject" or (g in GUARDIANS and nothing_is_secret(circumstance))}
        there = {g for g in may if copies[g] in ("handed_over", "kept", "owed")}
        why = f"{circumstance} {copies}"
        assert {g for g in copies if has_copy(kept, g)} == there, why
        assert set(who_may_have_a_copy(entries[-1], consents)) == there, why
        due = {d.giver for d in what_is_due(entries, ASKED, Policy()) if d.kind == "copy_owed"}
        assert due == {g for g in there if copies[g] == "owed"}, why
        told = [line for line in text(note_of_asking(kept)).splitlines() if "kopia" in line]
        assert len(told) == len([g for g in may if copies[g] is not None]), why
        tried += 1
    assert tried == 6 * 4 * 3 * 4 * 7 * 3


@pytest.mark.parametrize("giver", GUARDIANS)
def test_a_guardians_copy_is_the_same_whatever_the_others_answered(giver: Giver) -> None:
    """CON-10: no sign of the others' answers, of how many they are, of who disposes, or of harm."""
    own = said(giver, about("police", kinds=ON_POLICE), about("school", "refused"), measure="given", copy="owed")
    alone = copy_for(asked("15_17", own, disposes="together", harm="no"), giver)
    tried = 0
    for answer, measure, copy, how in product(
        ALL_ANSWERS, (None, "given", "refused"), (None, *get_args(CopyOutcome)), ("meeting", None)
    ):
        others = [
            said(other, about("police", answer), about("bup", answer), measure=measure, copy=copy, how=how)
            for other in ("subject", *GUARDIANS)
            if other != giver
        ]
        for disposes, custody, maturity in product(
            (("together", None), ("alone", "yes")), ("one", "two"), ("yes", "no")
        ):
            kept = asked(
                "15_17",
                *others[:1],
                own,
                *others[1:],
                custody=custody,
                disposes=disposes[0],
                guardian_allowed=disposes[1],
                harm="no",
                maturity_assessed=maturity,
            )
            assert text(copy_for(kept, giver)) == text(alone)
            tried += 1
    assert tried == 4 * 3 * 7 * 2 * 8


def test_a_copy_is_of_the_givers_own_answers() -> None:
    """The other side of the test above: what the giver answered does change it."""
    others = replace(YOUNG_PARTIAL, givers=(YOUNG_PARTIAL.givers[0], said("guardian_1", about("bup"), copy="kept")))
    assert text(copy_for(others, "guardian_1")) != text(copy_for(YOUNG_PARTIAL, "guardian_1"))
    assert text(copy_for(others, "subject")) == text(copy_for(YOUNG_PARTIAL, "subject"))


def test_harm_that_is_learned_of_later_ends_a_guardians_copy_of_the_earlier_consent() -> None:
    """CON-10: what holds now counts too; by the record alone there was one, so the caller asks the case as well."""
    kept = asked(
        "15_17",
        said("subject", about("police"), copy="owed"),
        said("guardian_1", about("police"), copy="owed"),
        disposes="together",
        harm="no",
    )
    later = replace(kept, asked_on=date(2026, 11, 30), harm="yes", givers=(said("subject", about("school")),))
    entries = on_record(kept, later)
    consents = Consents(entries, later.asked_on)
    assert who_may_have_a_copy(entries[2], consents) == ("subject",)
    assert [due.giver for due in what_is_due(entries, later.asked_on, Policy()) if due.kind == "copy_owed"] == [
        "subject"
    ]


@pytest.mark.parametrize("outcome", ["handed_over", "kept", "declined", "not_safe"])
def test_a_copy_that_is_settled_is_owed_no_more(outcome: Any) -> None:
    kept = asked("21_29", said("subject", about("police"), copy="owed"))
    entries = on_record(kept)
    owed = [due for due in what_is_due(entries, ASKED, Policy()) if due.kind == "copy_owed"]
    assert [due.giver for due in owed] == ["subject"]
    settled = CopySettled(case=CASE, consent=entries[-1].id, about_day=kept.asked_on, giver="subject", outcome=outcome)
    assert [d for d in what_is_due(on_record(kept, settled), ASKED, Policy()) if d.kind == "copy_owed"] == []


@pytest.mark.parametrize(
    ("kept", "giver", "why"),
    [
        (YOUNG_PARTIAL, "guardian_2", "who did not answer has none"),
        (YOUNG_PARTIAL, "parent_1", "who was not asked has none"),
        (ADULT_WITH_A_PARENT, "parent_1", "a parent of an adult has none"),
        (ADULT_WITH_A_PARENT, "subject", "it is not safe"),
        (ALONE_AND_REFUSING, "subject", "it was declined"),
        (NOTHING_KNOWN, "subject", "nobody knows whether it is safe"),
        (replace(YOUNG_PARTIAL, harm="yes"), "guardian_1", "harm"),
        (replace(YOUNG_PARTIAL, disposes="alone"), "guardian_1", "the minor disposes alone"),
    ],
)
def test_there_is_no_copy(kept: ConsentAsked, giver: str, why: str) -> None:
    with pytest.raises(ValueError, match="there is no copy"):
        copy_for(kept, giver)

"""How the differences were read, and whose methods were used."""

from __future__ import annotations

from typing import Final

from stagelens.statistics.results import Verdicts

_READINGS: Final = {
    "tango_neff": "Tango's score interval for paired rates, on an effective number of pairs that allows for clusters",
    "cluster_t": "the cluster-robust t interval of the mean difference",
    "bootstrap": "the bootstrap over whole clusters",
    "betting": "the betting bound, which holds at any number of clusters and any dependence inside them",
    "ppi++": "the judge's difference corrected by labels of some answers, humans' or a second judge's (PPI++), with a "
    "cluster-robust t interval, and where labels were drawn with unequal chances a score interval of what they leave "
    "unseen",
}

_ALWAYS: Final = (
    "E. B. Wilson (1927), JASA 22, 209–212.",
    "J. J. Goeman, A. Solari, T. Stijnen (2010), Statistics in Medicine 29, 2117–2125.",
    "D. J. Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657–680.",
    "ICH E10 (2000), Choice of control group in clinical trials, section 1.5.",
    "S. Holm (1979), Scandinavian Journal of Statistics 6, 65–70.",
    "Y. Benjamini, R. Heller (2008), Biometrics 64, 1215–1222.",
    "E. C. Fieller (1954), JRSS B 16, 175–185.",
)
_TANGO: Final = "T. Tango (1998), Statistics in Medicine 17, 891–908."
_BETTING: Final = "I. Waudby-Smith, A. Ramdas (2024), JRSS B 86, 1–27."
_PPI: Final = "A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), PPI++: efficient prediction-powered inference."
_ALPHA: Final = "K. Krippendorff (2011), Computing Krippendorff's alpha-reliability."
_FALSE_DISCOVERY: Final = "Y. Benjamini, Y. Hochberg (1995), JRSS B 57, 289–300."


def readings(verdicts: Verdicts) -> tuple[str, ...]:
    """How the report's differences were read, each way once, by name where it is not known here."""
    names = dict.fromkeys(contrast.method for result in verdicts.results for contrast in result.contrasts)
    return tuple(_READINGS.get(name, name) for name in names)


def references(verdicts: Verdicts) -> tuple[str, ...]:
    """The sources of the methods that this report uses."""
    methods = {contrast.method for result in verdicts.results for contrast in result.contrasts}
    by_method = (("tango_neff", _TANGO), ("betting", _BETTING), ("ppi++", _PPI))
    found = [source for method, source in by_method if method in methods]
    if any(result.judging is not None for result in verdicts.results):
        found.append(_ALPHA)
    if any(result.strata for result in verdicts.results):
        found.append(_FALSE_DISCOVERY)
    return (*_ALWAYS, *found)

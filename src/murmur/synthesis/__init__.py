"""Synthetic heart sounds: seeded recordings of phantoms, patients who never lived, with every sign known.

Data sets don't provide what a test or demonstration needs: a recording that anyone may copy, with cycles known exactly, and
a murmur, a quiet S1 or a gallop just as strong as requested.

The heart sounds are sums of decaying narrow-band bursts, a model of valve sounds since Xu et al. (2000) and Almasi et al.
(2011). Murmurs are coloured noise under an envelope. Electromechanical systole shortens with the rate as Weissler et al.
(1968) measured it. Band levels of S1, systole, S2, diastole and noise were set to the medians of the CirCor DigiScope
recordings (Oliveira et al. 2022); none of their audio is included.

Every level is in dB against one reference, the *normal S2*: the RMS over 0.1 s of an unchanged S2 on the chest, before the
sensor. So levels can be compared with each other and with those of an analysis.

References
----------
Weissler AM, Harris WS, Schoenfeld CD (1968). Systolic time intervals in heart failure in man. Circulation 37.
Xu J, Durand LG, Pibarot P (2000). Nonlinear transient chirp signal modeling of the aortic and pulmonary
components of the second heart sound. IEEE Transactions on Biomedical Engineering 47.
Almasi A, Shamsollahi MB, Senhadji L (2011). A dynamical model for generating synthetic phonocardiogram
signals. IEEE EMBC 2011.
Oliveira J et al. (2022). The CirCor DigiScope dataset: from murmur detection to murmur classification.
IEEE Journal of Biomedical and Health Informatics 26.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

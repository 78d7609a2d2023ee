"""The 26 claims of the notes, in our own words, and the chapter that puts each one to the test."""

from typing import NamedTuple


class Claim(NamedTuple):
    """One sentence of the notes that can be right or wrong."""

    id: str  # "section.number", as in the notes
    text: str  # paraphrased, never quoted

    @property
    def chapter(self) -> int:
        """The chapter that tests the claim: the first part of its id."""
        return int(self.id.partition(".")[0])


_TEXTS = {
    "1.1": "Attention is softmax(QKᵀ/√d_k) applied to V.",
    "1.2": "Every query is scored against every key, and the values are averaged: "
    "the higher a key's score, the larger its weight.",
    "1.3": "A query and a key must have the same length.",
    "1.4": "The inner product of a query and a key is their cosine similarity.",
    "1.5": "Orthogonal vectors score 0, so they are unrelated; related vectors score high.",
    "1.6": "The way the score is computed names the kind of attention: scaled dot-product, additive, multiplicative.",
    "2.1": "With long vectors, the scores lie far apart.",
    "2.2": "After the softmax of such scores, one weight is close to 1 and the others are close to 0.",
    "2.3": "The gradient is then small, which hurts training.",
    "3.1": "Multiplicative attention has nothing to learn, and this is one reason for multi-head attention.",
    "3.2": "Many low-dimensional heads work better than a single wide one, like the channels of a CNN.",
    "3.3": "Learned matrices project queries, keys and values down to low-dimensional vectors.",
    "3.4": "Attention runs on each low-dimensional group by itself.",
    "3.5": "The heads' results are concatenated and go through an MLP.",
    "4.1": "Attention does not see order: shuffled elements give the same result.",
    "4.2": "Sines and cosines give every position an encoding of its own.",
    "4.3": "The encoding's values stay within [−1, 1], which helps training converge.",
    "5.1": "The encoder uses self-attention and an MLP only; the decoder uses cross-attention as well.",
    "5.2": "The encoder's self-attention needs no mask; the decoder's needs one to keep the order of time.",
    "6.1": "BatchNorm normalises each feature over the batch; LayerNorm normalises each sample by itself.",
    "6.2": "The two differ in how the mean and the variance are computed.",
    "6.3": "With sentences of unequal length, BatchNorm's statistics fluctuate strongly.",
    "6.4": "At inference, a sequence longer than any seen has no statistics for its last positions.",
    "6.5": "LayerNorm has neither the fluctuation nor the mismatch between training and inference.",
    "7.1": "In self-attention, query, key and value come from the same source.",
    "7.2": "In cross-attention, the query comes from a different source than key and value.",
}

CLAIMS = {id: Claim(id, text) for id, text in _TEXTS.items()}

"""Calibration by inputs without content: hand-counted cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medtune.methods.prompt.calibration import calibrated

SCORES = arrays(float, (4, 3), elements=st.floats(-20, 0))


def test_probabilities_are_divided_by_the_mean_of_those_without_content():
    content_free = np.log([[[0.6, 0.4], [0.8, 0.2]]])  # 0.7 and 0.3
    found = np.exp(calibrated(np.log([[0.7, 0.3], [0.5, 0.5]]), content_free))
    np.testing.assert_allclose(found, [[0.5, 0.5], [0.3, 0.7]])


def test_each_row_has_its_own_inputs_without_content():
    content_free = np.log([[[0.5, 0.5]], [[0.9, 0.1]]])
    found = np.exp(calibrated(np.log([[0.7, 0.3], [0.7, 0.3]]), content_free))
    np.testing.assert_allclose(found, [[0.7, 0.3], [7 / 34, 27 / 34]])


@given(SCORES)
def test_a_model_without_bias_keeps_its_probabilities(scores):
    found = np.exp(calibrated(scores, np.zeros((1, 3, 3))))
    np.testing.assert_allclose(found, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), rtol=1e-9)


@given(SCORES, SCORES, st.floats(-5, 5))
def test_they_are_probabilities_whatever_the_scale_of_the_scores(scores, content_free, shift):
    content_free = content_free[None]
    found = calibrated(scores, content_free)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)
    np.testing.assert_allclose(calibrated(scores + shift, content_free - shift), found, atol=1e-9)


def test_a_text_without_content_says_nothing_once_calibrated():
    scores = np.log([[0.8, 0.15, 0.05]])
    assert np.exp(calibrated(scores, scores[None]))[0] == pytest.approx([1 / 3] * 3)

"""Patients parted for a test, rightly and wrongly: for the exercises of lesson 12."""

import numpy as np


def patient_split(patients, count):
    """The slices of all patients but the last ones, and of these."""
    order = list(dict.fromkeys(patients.tolist()))
    tested = np.isin(patients, order[len(order) - count :])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def split_by_loops(patients, count):
    """The same, a slice at a time."""
    seen = []
    for patient in patients:
        if patient not in seen:
            seen.append(patient)
    tested = seen[len(seen) - count :]
    train = [n for n, patient in enumerate(patients) if patient not in tested]
    return train, [n for n, patient in enumerate(patients) if patient in tested]


def split_by_slice(patients, count):
    """The last slices."""
    return np.arange(len(patients) - count), np.arange(len(patients) - count, len(patients))


def split_at_first(patients, count):
    """The patients that appear first."""
    order = list(dict.fromkeys(patients.tolist()))
    tested = np.isin(patients, order[:count])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def split_by_number(patients, count):
    """The patients with the largest numbers."""
    order = np.unique(patients)
    tested = np.isin(patients, order[len(order) - count :])
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def split_exchanged(patients, count):
    """The test first."""
    return patient_split(patients, count)[::-1]


def split_one_slice_each(patients, count):
    """One slice of each tested patient."""
    order = list(dict.fromkeys(patients.tolist()))
    tested = [patients.tolist().index(patient) for patient in order[len(order) - count :]]
    return np.setdiff1d(np.arange(len(patients)), tested), np.array(tested, int)


def split_patients(patients, count):
    """Patients in place of slices."""
    return tuple(patients[part] for part in patient_split(patients, count))


def split_masks(patients, count):
    """Masks in place of indices."""
    tested = np.isin(np.arange(len(patients)), patient_split(patients, count)[1])
    return ~tested, tested


def split_at_a_slice(patients, count):
    """Everything from the first slice of the first tested patient on."""
    first = patient_split(patients, count)[1][0] if count else len(patients)
    return np.arange(first), np.arange(first, len(patients))

def solve(data):
    text = data["text"]
    # Neighbours among the sorted suffixes share a beginning: what is beyond it is new.
    suffixes = sorted(text[start:] for start in range(len(text)))
    count, before = 0, ""
    for suffix in suffixes:
        shared, most = 0, min(len(before), len(suffix))
        while shared < most and before[shared] == suffix[shared]:
            shared += 1
        count += len(suffix) - shared
        before = suffix
    return count

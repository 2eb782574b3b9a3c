def solve(data):
    groups = []
    for word in data["words"]:
        for group in groups:
            if sorted(group[0]) == sorted(word):
                group.append(word)
                break
        else:
            groups.append([word])
    return " ".join(str(size) for size in sorted((len(group) for group in groups), reverse=True))

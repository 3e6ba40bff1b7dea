namespace Dpfah.Learning.Datasets;

/// <summary>Draws queries and training pictures among pictures of several classes, as swuxyj/DeepHash-pytorch does for NUS-WIDE-21.</summary>
internal static class QuotaWalk
{
    /// <exception cref="InvalidDataException">The walk ended before a class had its pictures.</exception>
    public static (List<int> Query, List<int> Train) Draw(Dataset dataset, SplitRule rule)
    {
        int[] order = [.. Enumerable.Range(0, dataset.Count)];
        new SeededRandom(rule.Seed).Shuffle(order.AsSpan());
        int classes = dataset.ClassNames.Count;
        int[] wantedTrain = [.. Enumerable.Repeat(rule.TrainPerClass, classes)];
        int[] wantedQueries = [.. Enumerable.Repeat(rule.QueriesPerClass, classes)];
        var query = new List<int>();
        var train = new List<int>();
        foreach (int index in order)
        {
            foreach (int c in dataset.LabelsOf(index))
            {
                if (wantedTrain[c] > 0)
                {
                    wantedTrain[c]--;
                    train.Add(index);
                    break;
                }

                if (wantedQueries[c] > 0)
                {
                    wantedQueries[c]--;
                    query.Add(index);
                    break;
                }
            }
        }

        for (int c = 0; c < classes; c++)
        {
            int missing = wantedTrain[c] + wantedQueries[c];
            if (missing > 0)
            {
                int members = Enumerable.Range(0, dataset.Count).Count(i => dataset.LabelsOf(i).Contains(c));
                throw new InvalidDataException(
                    $"Class '{dataset.ClassNames[c]}' of '{dataset.Name}' has {members} pictures, of which other classes took some: " +
                    $"{missing} of its {rule.QueriesPerClass} queries and {rule.TrainPerClass} training pictures were not found. " +
                    "Ask for fewer of each class.");
            }
        }

        return (query, train);
    }
}

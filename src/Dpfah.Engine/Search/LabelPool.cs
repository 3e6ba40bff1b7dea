namespace Dpfah.Engine.Search;

/// <summary>Most items share their labels with many others: one array for all of them.</summary>
internal sealed class LabelPool
{
    // Beyond so many, labels are not shared by many items any more, and the pool would only grow.
    private const int Most = 65_536;

    private readonly Dictionary<string, string[]> pool = new(StringComparer.Ordinal);

    /// <summary>An array with the same labels, the same one as last time where that is known.</summary>
    public string[] Intern(string[] labels)
    {
        if (labels.Length == 0)
        {
            return [];
        }

        string key = string.Join('\n', labels);
        if (!pool.TryGetValue(key, out string[]? known))
        {
            if (pool.Count == Most)
            {
                pool.Clear();
            }

            pool.Add(key, known = labels);
        }

        return known;
    }
}

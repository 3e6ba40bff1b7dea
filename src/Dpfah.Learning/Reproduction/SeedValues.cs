namespace Dpfah.Learning.Reproduction;

/// <summary>One figure of a method, measured with one seed or several.</summary>
/// <param name="Mean">Mean over the seeds.</param>
/// <param name="Count">Seeds.</param>
/// <param name="Deviation">
/// Standard deviation of the seeds; of one seed that of the same method elsewhere, where it is known; else null.
/// </param>
internal sealed record SeedValues(double Mean, int Count, double? Deviation)
{
    /// <summary>Takes what was measured.</summary>
    /// <param name="values">One a seed; null where it is missing.</param>
    /// <param name="elsewhere">The method's deviation elsewhere, for a single seed; null where it is not known.</param>
    /// <returns>Null where nothing was measured.</returns>
    public static SeedValues? Of(IReadOnlyList<double?> values, double? elsewhere)
    {
        double[] there = [.. values.OfType<double>()];
        return there.Length == 0 ? null : new SeedValues(there.Average(), there.Length, there.Length > 1 ? Report.Deviation(there) : elsewhere);
    }

    /// <summary>Two standard errors of the difference of the means; null where a deviation is not known.</summary>
    public double? NoiseTo(SeedValues other) => Deviation is double s && other.Deviation is double t
        ? 2 * Math.Sqrt((s * s / Count) + (t * t / other.Count))
        : null;

    /// <summary>Whether the seeds alone could have made the difference; false where their deviation is not known.</summary>
    public bool IsWithinNoiseOf(SeedValues other) => NoiseTo(other) is double noise && Math.Abs(Mean - other.Mean) <= noise;

    /// <summary>The seeds of a comparison, in words.</summary>
    public string Seeds(SeedValues other)
    {
        string count = Count == other.Count ? (Count == 1 ? "one seed" : $"n = {Count}") : $"n = {Count} and {other.Count}";
        return NoiseTo(other) is null && (Count > 1 || other.Count > 1) ? $"{count}, noise not known" : count;
    }
}

namespace Dpfah.Engine.Data;

/// <summary>What rows of the change log come to, for one generation.</summary>
/// <param name="Digest">XOR of their digest deltas.</param>
/// <param name="Count">Sum of their count deltas.</param>
internal readonly record struct LogSum(long Digest, long Count)
{
    /// <summary>With one row more.</summary>
    public LogSum With(long digestDelta, int countDelta) => new(Digest ^ digestDelta, Count + countDelta);
}

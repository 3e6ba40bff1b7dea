namespace Dpfah.Core.Evaluation;

/// <summary>A number for an item that has nothing to do with the order in which items came: those with the smallest are a fair sample.</summary>
/// <remarks>A sample by it changes little when items come and go, and is the same again when asked for again.</remarks>
public static class IdHash
{
    /// <summary>The number of an id (the finisher of SplitMix64).</summary>
    public static ulong Of(long id)
    {
        ulong value = (ulong)id + 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

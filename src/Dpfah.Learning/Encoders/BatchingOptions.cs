namespace Dpfah.Learning.Encoders;

/// <summary>How single pictures are gathered into batches.</summary>
public sealed record BatchingOptions
{
    /// <summary>Pictures that may wait, from 1 to 65,536; one more is turned away.</summary>
    public int QueueCapacity { get; init; } = 256;

    /// <summary>Largest batch, from 1 to 1,024 pictures.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>How long an incomplete batch waits for pictures on their way, from 0 to 1 s. A lone picture never waits.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal void ThrowIfInvalid()
    {
        ThrowIfOutside(QueueCapacity, 1, 65_536, nameof(QueueCapacity));
        ThrowIfOutside(BatchSize, 1, 1_024, nameof(BatchSize));
        ThrowIfOutside(BatchDelay, TimeSpan.Zero, TimeSpan.FromSeconds(1), nameof(BatchDelay));
    }

    private static void ThrowIfOutside<T>(T value, T least, T most, string name)
        where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }
}

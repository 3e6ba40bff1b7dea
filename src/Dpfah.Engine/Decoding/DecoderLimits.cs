namespace Dpfah.Engine.Decoding;

/// <summary>What a picture may take of a process that decodes it.</summary>
public static class DecoderLimits
{
    /// <summary>Time of a picture that somebody waits for, unless set.</summary>
    public static readonly TimeSpan DefaultTime = TimeSpan.FromSeconds(10);

    /// <summary>Memory of a process, in bytes, unless set.</summary>
    public const long DefaultBytes = 1L << 30;

    /// <summary>Pictures of jobs may take as many times as long: their processes stand back behind all others.</summary>
    public const int TimesForJobs = 3;

    /// <summary>How far the processes of jobs stand back behind others: their niceness.</summary>
    internal const int JobNice = 5;
}

namespace Dpfah.Engine.Decoding;

/// <summary>How a <see cref="DecoderPool"/> works.</summary>
/// <param name="Count">Most processes.</param>
/// <param name="Time">Longest time of a picture, from when it is sent to a process.</param>
/// <param name="MemoryBytes">Most memory of a process, in bytes.</param>
/// <param name="IdleTime">How long a process stays without pictures; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
/// <param name="Kept">Processes that stay nevertheless.</param>
internal sealed record DecoderPoolOptions(int Count, TimeSpan Time, long MemoryBytes, TimeSpan IdleTime, int Kept);

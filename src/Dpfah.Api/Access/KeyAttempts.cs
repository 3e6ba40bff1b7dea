using System.Threading.RateLimiting;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;

namespace Dpfah.Api.Access;

/// <summary>
/// Counts the wrong keys of an address. A right one is never refused: nobody guesses 256 random bits, and nobody is to lock others out
/// behind the same proxy.
/// </summary>
internal sealed class KeyAttempts(KeyGate gate, ServiceOptions options) : IDisposable
{
    private readonly TimeSpan timeToForget = TimeSpan.FromMinutes(1.0 / Math.Max(1, options.FailedKeysPerMinute));
    private readonly PartitionedRateLimiter<string>? failures = options.FailedKeysPerMinute == 0
        ? null
        : PartitionedRateLimiter.Create<string, int>(address => RateLimitPartition.GetTokenBucketLimiter(
            RateBudget.SlotOf(address), _ => RateBudget.PerMinute(options.FailedKeysPerMinute)));

    /// <summary>Finds out who has a key that a request came with.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">The key.</param>
    /// <param name="wait">When to try again, when the key is wrong and too many such came from the address.</param>
    /// <returns>Null when nobody has.</returns>
    /// <exception cref="Engine.Hosting.NotReadyException">The database has not told yet, or not for too long.</exception>
    public Caller? Find(HttpContext context, string key, out TimeSpan? wait)
    {
        wait = null;
        if (gate.Find(key) is { } caller)
        {
            return caller;
        }

        using RateLimitLease? lease = failures?.AttemptAcquire(ClientAddress.Of(context.Connection.RemoteIpAddress));
        wait = lease is { IsAcquired: false } ? timeToForget : null;
        return null;
    }

    public void Dispose() => failures?.Dispose();
}

using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;

namespace Dpfah.Api.Access;

/// <summary>
/// Keeps keys from being guessed: after some wrong ones from an address, further ones from there are refused for a while whether they are
/// right or not. A key that was good from that address before goes on, so that nobody locks others out behind the same proxy.
/// </summary>
internal sealed class KeyAttempts : IDisposable
{
    // Forgotten together when there are more: then each is good again after the next request that finds room in its address's budget.
    private const int MostRemembered = 10_000;

    private readonly KeyGate gate;
    private readonly TimeSpan timeToForget;
    private readonly PartitionedRateLimiter<string>? failures;
    private readonly ConcurrentDictionary<(string Address, string Name), bool> good = new();

    public KeyAttempts(KeyGate gate, ServiceOptions options)
    {
        this.gate = gate;
        timeToForget = TimeSpan.FromMinutes(1.0 / Math.Max(1, options.FailedKeysPerMinute));
        failures = options.FailedKeysPerMinute == 0
            ? null
            : PartitionedRateLimiter.Create<string, int>(address => RateLimitPartition.GetTokenBucketLimiter(
                RateBudget.SlotOf(address), _ => RateBudget.PerMinute(options.FailedKeysPerMinute)));
    }

    /// <summary>Finds out who has a key that a request came with.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">The key.</param>
    /// <param name="wait">When to try again, when too many wrong keys came from the address.</param>
    /// <returns>Null when nobody has, or when that is not told.</returns>
    /// <exception cref="Engine.Hosting.NotReadyException">The database has not told yet, or not for too long.</exception>
    public Caller? Find(HttpContext context, string key, out TimeSpan? wait)
    {
        wait = null;
        Caller? caller = gate.Find(key);
        if (failures is null)
        {
            return caller;
        }

        string address = ClientAddress.Of(context.Connection.RemoteIpAddress);
        if (caller is not null && good.ContainsKey((address, caller.Name)))
        {
            return caller;
        }

        if (!HasRoom(address, isWrong: caller is null))
        {
            wait = timeToForget;
            return null;
        }

        if (caller is not null && good.TryAdd((address, caller.Name), true) && good.Count > MostRemembered)
        {
            good.Clear();
        }

        return caller;
    }

    public void Dispose() => failures?.Dispose();

    /// <summary>Whether a further key from an address is looked at; a right one costs nothing.</summary>
    private bool HasRoom(string address, bool isWrong)
    {
        if (!isWrong)
        {
            return failures!.GetStatistics(address)?.CurrentAvailablePermits > 0;
        }

        using RateLimitLease lease = failures!.AttemptAcquire(address);
        return lease.IsAcquired;
    }
}

using System.Threading.RateLimiting;

namespace Dpfah.Api.Http;

/// <summary>Budgets of requests that refill at a steady rate.</summary>
internal static class RateBudget
{
    /// <summary>How many seconds' worth of requests may come at once.</summary>
    public const int BurstSeconds = 5;

    /// <summary>
    /// Budgets for addresses. More addresses than these share budgets by chance: however many somebody has, the memory stays bounded.
    /// </summary>
    public const int AddressSlots = 16_384;

    /// <summary>A budget for requests by the second.</summary>
    public static TokenBucketRateLimiterOptions PerSecond(int rate) => Refilling(rate, TimeSpan.FromSeconds(1), BurstSeconds * rate);

    /// <summary>A budget for something by the minute, all of which may come at once.</summary>
    public static TokenBucketRateLimiterOptions PerMinute(int rate) => Refilling(rate, TimeSpan.FromMinutes(1), rate);

    /// <summary>The budget of an address. Its hash is another in each process, so that nobody can choose whose budget to share.</summary>
    public static int SlotOf(string address) => (int)((uint)string.GetHashCode(address, StringComparison.Ordinal) % AddressSlots);

    private static TokenBucketRateLimiterOptions Refilling(int rate, TimeSpan time, int most)
    {
        // A little every tenth of a second, or one by one where there are fewer.
        int portion = (int)Math.Max(1, rate * 0.1 / time.TotalSeconds);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = most,
            TokensPerPeriod = portion,
            ReplenishmentPeriod = time * portion / rate,
            QueueLimit = 0,
        };
    }
}

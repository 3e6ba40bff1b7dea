using System.Globalization;
using System.Threading.RateLimiting;
using Dpfah.Api.Access;
using Dpfah.Api.Hosting;

namespace Dpfah.Api.Http;

/// <summary>
/// How many requests a second are answered: of a key; of an address where none is needed; and of an address that has sent no good one
/// where one is. Health and the page's files are not counted.
/// </summary>
internal static class RateLimits
{
    /// <summary>Whose requests are counted together.</summary>
    private enum Kind
    {
        Unlimited,
        Key,
        Address,
        Anonymous,
    }

    public static IServiceCollection AddRateLimits(this IServiceCollection services, ServiceOptions options) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Partition>(context => Of(context, options));
        limiter.OnRejected = async (rejected, _) =>
        {
            TimeSpan wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan told) ? told : TimeSpan.FromSeconds(1);
            Partition partition = PartitionOf(rejected.HttpContext, options);
            SetRetryAfter(rejected.HttpContext.Response, wait);
            await (partition.Kind == Kind.Anonymous
                ? Problems.TooManyRequests("this address without a good key", options.AnonymousRequestsPerSecond, nameof(ServiceOptions.AnonymousRequestsPerSecond))
                : Problems.TooManyRequests(partition.Kind == Kind.Key ? "this key" : "this address", options.RequestsPerSecond, nameof(ServiceOptions.RequestsPerSecond)))
                .ExecuteAsync(rejected.HttpContext);
        };
    });

    /// <summary>Says when to come back, in whole seconds.</summary>
    public static void SetRetryAfter(HttpResponse response, TimeSpan wait) =>
        response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private static RateLimitPartition<Partition> Of(HttpContext context, ServiceOptions options)
    {
        Partition partition = PartitionOf(context, options);
        return partition.Kind == Kind.Unlimited
            ? RateLimitPartition.GetNoLimiter(partition)
            : RateLimitPartition.GetTokenBucketLimiter(
                partition, key => RateBudget.PerSecond(key.Kind == Kind.Anonymous ? options.AnonymousRequestsPerSecond : options.RequestsPerSecond));
    }

    private static Partition PartitionOf(HttpContext context, ServiceOptions options)
    {
        bool isOpen = context.RequestServices.GetRequiredService<KeyGate>().IsOpen;
        bool isKnown = context.User.Identity?.IsAuthenticated == true && !isOpen;
        if ((isOpen || isKnown ? options.RequestsPerSecond : options.AnonymousRequestsPerSecond) == 0)
        {
            return default;
        }

        // Names of keys are unique, and there are no more of them than an admin has made.
        return isKnown
            ? new Partition(Kind.Key, context.User.Identity!.Name, 0)
            : new Partition(isOpen ? Kind.Address : Kind.Anonymous, null, RateBudget.SlotOf(ClientAddress.Of(context.Connection.RemoteIpAddress)));
    }

    private readonly record struct Partition(Kind Kind, string? Key, int Slot);
}

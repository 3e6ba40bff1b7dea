using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Jobs;

/// <summary>Counts the streams of events that are open: each asks the database twice a second for as long as its job runs.</summary>
internal sealed class EventStreams(KeyGate gate)
{
    private static readonly TimeSpan TimeToRetry = TimeSpan.FromSeconds(5);

    // Callers with open streams only.
    private readonly Dictionary<string, int> open = new(StringComparer.Ordinal);
    private readonly Lock turn = new();
    private int all;

    /// <summary>Takes a place for a stream of the caller: of its key, or of its address where none is needed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">What to answer when there is none.</param>
    /// <returns>Gives it back when it is disposed; null when there is none.</returns>
    public IDisposable? TryEnter(HttpContext context, out ProblemHttpResult? problem)
    {
        bool isOpen = gate.IsOpen;
        string caller = isOpen ? ClientAddress.Of(context.Connection.RemoteIpAddress) : context.User.Identity!.Name!;
        lock (turn)
        {
            int own = open.GetValueOrDefault(caller);
            problem = own >= ApiLimits.MaxEventStreamsPerCaller
                ? Problems.TooManyStreams(isOpen ? "this address" : "this key", ApiLimits.MaxEventStreamsPerCaller)
                : all >= ApiLimits.MaxEventStreams ? Problems.TooManyStreams("all callers together", ApiLimits.MaxEventStreams) : null;
            if (problem is null)
            {
                open[caller] = own + 1;
                all++;
                return new Place(this, caller);
            }
        }

        RateLimits.SetRetryAfter(context.Response, TimeToRetry);
        return null;
    }

    private void Leave(string caller)
    {
        lock (turn)
        {
            all--;
            if (--open[caller] == 0)
            {
                open.Remove(caller);
            }
        }
    }

    private sealed class Place(EventStreams streams, string caller) : IDisposable
    {
        public void Dispose() => streams.Leave(caller);
    }
}

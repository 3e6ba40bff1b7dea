using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Load;

/// <summary>Searches by picture that come at a rate of their own, whatever becomes of those before: as callers do who know nothing of each other.</summary>
internal sealed class OpenLoad : IDisposable
{
    private readonly HttpClient http;
    private readonly byte[] picture;

    /// <summary>Makes a load.</summary>
    /// <param name="address">The service.</param>
    /// <param name="picture">What is searched for.</param>
    public OpenLoad(Uri address, byte[] picture)
    {
        http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        this.picture = picture;
    }

    /// <summary>What became of a request.</summary>
    /// <param name="Status">Its status; 0 when there was no answer.</param>
    /// <param name="RetryAfter">Whether the answer said when to come again.</param>
    /// <param name="Sent">When it was sent, from the start of the load.</param>
    /// <param name="Took">How long it took.</param>
    /// <param name="Error">Why there was no answer.</param>
    internal sealed record Outcome(HttpStatusCode Status, bool RetryAfter, TimeSpan Sent, TimeSpan Took, string? Error = null)
    {
        /// <summary>When it was answered, from the start of the load.</summary>
        public TimeSpan Answered => Sent + Took;
    }

    /// <summary>Sends one after the other in each of several loops: what the service can do at most.</summary>
    /// <param name="clients">How many loops.</param>
    /// <param name="time">For how long.</param>
    public async Task<IReadOnlyCollection<Outcome>> RunClosedAsync(int clients, TimeSpan time)
    {
        var outcomes = new ConcurrentQueue<Outcome>();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < time)
            {
                outcomes.Enqueue(await SendAsync(clock));
            }
        })));
        return outcomes;
    }

    /// <summary>Sends at a constant rate.</summary>
    /// <param name="rate">Requests a second.</param>
    /// <param name="time">For how long; then all that was sent is waited for.</param>
    public async Task<IReadOnlyCollection<Outcome>> RunOpenAsync(double rate, TimeSpan time)
    {
        var sent = new List<Task<Outcome>>();
        var clock = Stopwatch.StartNew();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (clock.Elapsed < time && await pace.WaitForNextTickAsync())
        {
            while (sent.Count < clock.Elapsed.TotalSeconds * rate)
            {
                sent.Add(SendAsync(clock));
            }
        }

        return await Task.WhenAll(sent);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<Outcome> SendAsync(Stopwatch clock)
    {
        TimeSpan start = clock.Elapsed;
        try
        {
            using HttpResponseMessage response = await http.PostAsync("/search?k=10", ApiClient.Raw(picture));
            await response.Content.ReadAsByteArrayAsync();
            return new Outcome(response.StatusCode, response.Headers.RetryAfter is not null, start, clock.Elapsed - start);
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return new Outcome(0, false, start, clock.Elapsed - start, error.GetBaseException().Message);
        }
    }
}

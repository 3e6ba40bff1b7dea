using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>Queues jobs that count, and waits for jobs.</summary>
internal static class JobOrders
{
    private static readonly TimeSpan TimeToCancel = TimeSpan.FromSeconds(5);

    // Work for seconds takes minutes where a dozen services share two cores. How long a job may take is no matter of these tests.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Queues a job that counts.</summary>
    public static async Task<JobRecord> CountAsync(this RunningService service, CountingJob.Order order, string lane = JobLanes.General) =>
        await service.Services.GetRequiredService<JobQueue>().EnqueueAsync(
            new NewJob(CountingJob.Name, lane, JsonSerializer.Serialize(order, JobJson.Options), "tests"), [], CancellationToken.None);

    /// <summary>Reads a job.</summary>
    public static async Task<JobResponse> JobAsync(this ApiClient client, long id) => (await client.GetAsync($"/jobs/{id}")).Read<JobResponse>();

    /// <summary>Waits until a job has ended.</summary>
    public static Task<JobResponse> EndOfJobAsync(this ApiClient client, long id, TimeSpan? patience = null) => Eventually.BecomesAsync(
        () => client.JobAsync(id),
        job => job.State is JobState.Succeeded or JobState.Failed or JobState.Cancelled,
        job => JsonSerializer.Serialize(job, Answer.Json),
        patience ?? Patience);

    /// <summary>Asks for the end of a job that runs, and asserts that it ends so within seconds.</summary>
    /// <param name="client">The client.</param>
    /// <param name="id">The job.</param>
    /// <param name="stage">The stage in which it is; null before the first.</param>
    /// <returns>The job when it has ended.</returns>
    public static async Task<JobResponse> AssertCancelsAsync(this ApiClient client, long id, string? stage)
    {
        var clock = Stopwatch.StartNew();
        JobResponse asked = await client.CancelJobAsync(id);
        JobResponse ended = await client.EndOfJobAsync(id);
        TimeSpan elapsed = clock.Elapsed;
        TestContext.Current.TestOutputHelper?.WriteLine($"{asked.Kind}, {stage ?? "no stage yet"}: {elapsed.TotalSeconds:0.00} s");
        Assert.Equal((stage, JobState.Running, true), (asked.Progress.Stage, asked.State, asked.CancelRequested));
        Assert.True(elapsed < TimeToCancel, $"A job {asked.Kind} was ended in the stage '{stage ?? "none yet"}' after {elapsed.TotalSeconds:0.0} s.");
        Assert.Equal((stage, JobState.Cancelled, null), (stage, ended.State, ended.Error));
        return ended;
    }

    /// <summary>Asks for a job's end.</summary>
    public static async Task<JobResponse> CancelJobAsync(this ApiClient client, long id) =>
        (await client.SendAsync(HttpMethod.Post, $"/jobs/{id}/cancel")).Read<JobResponse>(HttpStatusCode.OK);
}

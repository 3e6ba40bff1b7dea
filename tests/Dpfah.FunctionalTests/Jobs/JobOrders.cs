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
        patience);

    /// <summary>Asks for a job's end.</summary>
    public static async Task<JobResponse> CancelJobAsync(this ApiClient client, long id) =>
        (await client.SendAsync(HttpMethod.Post, $"/jobs/{id}/cancel")).Read<JobResponse>(HttpStatusCode.OK);
}

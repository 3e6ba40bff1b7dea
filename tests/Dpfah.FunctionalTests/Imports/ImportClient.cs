using System.Net;
using System.Net.Http.Headers;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Jobs;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>Sends imports and follows them.</summary>
internal static class ImportClient
{
    /// <summary>Sends an upload that is accepted.</summary>
    public static async Task<JobResponse> StartImportAsync(
        this ApiClient client, string collection, byte[] upload, string query = "", string contentType = "application/octet-stream") =>
        (await client.SendImportAsync(collection, upload, query, contentType)).Read<JobResponse>(HttpStatusCode.Accepted);

    /// <summary>Sends an upload.</summary>
    public static Task<Answer> SendImportAsync(
        this ApiClient client, string collection, byte[] upload, string query = "", string contentType = "application/octet-stream") =>
        client.SendAsync(
            HttpMethod.Post,
            $"/collections/{collection}/imports{query}",
            new ByteArrayContent(upload) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } });

    /// <summary>Imports an upload and waits for the end of the job.</summary>
    public static async Task<JobResponse> ImportAsync(
        this ApiClient client, string collection, byte[] upload, string query = "", string contentType = "application/octet-stream") =>
        await client.EndOfJobAsync((await client.StartImportAsync(collection, upload, query, contentType)).Id);

    /// <summary>What a job rejected: item and code.</summary>
    public static async Task<string[]> RejectionsAsync(this ApiClient client, long id) =>
    [
        .. (await client.GetAsync($"/jobs/{id}/errors")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonSerializer.Deserialize<JobRejectionResponse>(line, System.Text.Json.JsonSerializerOptions.Web)!)
            .Select(rejection => $"{rejection.Item}: {rejection.Code}"),
    ];

    /// <summary>Asserts that a job succeeded with these counts.</summary>
    public static void AssertSucceeded(this JobResponse job, long indexed, long unchanged = 0, long rejected = 0)
    {
        Assert.True(job.State == JobState.Succeeded, $"{job.State}: {job.Error}");
        Assert.Equal(new JobCounts(indexed + unchanged + rejected, indexed, unchanged, rejected), job.Counts);
    }
}

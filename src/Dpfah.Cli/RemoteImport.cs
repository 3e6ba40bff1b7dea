using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;

namespace Dpfah.Cli;

/// <summary>Imports into a service that runs, over HTTP.</summary>
internal sealed class RemoteImport : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient client;

    public RemoteImport(Uri service, string? key)
    {
        // An upload takes as long as it takes.
        client = new HttpClient { BaseAddress = new Uri(service.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"), Timeout = Timeout.InfiniteTimeSpan };
        if (!string.IsNullOrEmpty(key))
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Runs an import to its end.</summary>
    /// <exception cref="CommandException">The service refused it or cannot be reached.</exception>
    public async Task<ImportOutcome> RunAsync(
        string collection, ImportSourceFile source, ImportOptions options, TerminalProgress progress, CancellationToken cancellationToken)
    {
        progress.Report(("Uploading", 0));
        using var content = new StreamContent(source.Stream, 1 << 20);
        content.Headers.ContentType = new MediaTypeHeaderValue(source.ContentType ?? "application/octet-stream");
        string query = $"mode={Name(options.Mode)}&labels={Name(options.Labels)}&dryRun={(options.DryRun ? "true" : "false")}";
        JsonElement job = await SendAsync(
            HttpMethod.Post, $"collections/{Uri.EscapeDataString(collection)}/imports?{query}", content, cancellationToken);
        long id = job.GetProperty("id").GetInt64();
        try
        {
            while (StateOf(job) is JobState.Queued or JobState.Running)
            {
                string stage = job.GetProperty("progress").GetProperty("stage").GetString() ?? "waiting";
                progress.Report(($"{stage}, {CountsOf(job).Accepted:N0} entries", 0));
                await Task.Delay(LookEvery, cancellationToken);
                job = await SendAsync(HttpMethod.Get, $"jobs/{id}", null, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SendAsync(HttpMethod.Post, $"jobs/{id}/cancel", null, CancellationToken.None);
            throw;
        }

        JsonElement result = job.GetProperty("result");
        return new ImportOutcome(
            id,
            StateOf(job),
            CountsOf(job),
            result.ValueKind == JsonValueKind.Object ? result.GetProperty("deleted").GetInt64() : 0,
            job.GetProperty("error").GetString(),
            await RejectionsAsync(id, cancellationToken));
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string target, HttpContent? content, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, target) { Content = content };
            using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
            JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return response.IsSuccessStatusCode
                ? answer
                : throw new CommandException($"The service answered {(int)response.StatusCode}: {answer.GetProperty("detail").GetString()}");
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            throw new CommandException($"The service at {client.BaseAddress} cannot be reached, or is no Dpfah: {error.GetBaseException().Message}", error);
        }
    }

    private async Task<List<(string, string)>> RejectionsAsync(long id, CancellationToken cancellationToken)
    {
        const int Most = 100;
        var rejections = new List<(string, string)>();
        using HttpResponseMessage response = await client.GetAsync(
            new Uri($"jobs/{id}/errors", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (rejections.Count < Most && await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            JsonElement rejection = JsonSerializer.Deserialize<JsonElement>(line);
            rejections.Add((rejection.GetProperty("item").GetString()!, rejection.GetProperty("reason").GetString()!));
        }

        return rejections;
    }

    private static JobState StateOf(JsonElement job) => Enum.Parse<JobState>(job.GetProperty("state").GetString()!, ignoreCase: true);

    private static JobCounts CountsOf(JsonElement job) => job.GetProperty("counts").Deserialize<JobCounts>(JsonSerializerOptions.Web);

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

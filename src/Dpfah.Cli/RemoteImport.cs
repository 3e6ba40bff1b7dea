using System.Globalization;
using System.Text.Json;
using Dpfah.Client;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Serialization;
using JobResponse = Dpfah.Client.Models.JobResponse;
using ProblemDetails = Dpfah.Client.Models.ProblemDetails;

namespace Dpfah.Cli;

/// <summary>Imports into a service that runs, over HTTP.</summary>
internal sealed class RemoteImport(Uri service, string? key) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly DpfahConnection connection = new(service, key);

    /// <summary>Runs an import to its end.</summary>
    /// <exception cref="CommandException">The service refused it or cannot be reached.</exception>
    public async Task<ImportOutcome> RunAsync(
        string collection, ImportSourceFile source, ImportOptions options, TerminalProgress progress, CancellationToken cancellationToken)
    {
        progress.Report(("Uploading", 0));
        JobResponse job = await AskAsync(client => client.Collections[collection].Imports.PostAsync(
            source.Stream,
            source.ContentType ?? "application/octet-stream",
            request => (request.QueryParameters.Mode, request.QueryParameters.Labels, request.QueryParameters.DryRun) =
                (Name(options.Mode), Name(options.Labels), options.DryRun ? "true" : "false"),
            cancellationToken));
        long id = job.Id!.Value;
        string number = id.ToString(CultureInfo.InvariantCulture);
        try
        {
            while (StateOf(job) is JobState.Queued or JobState.Running)
            {
                progress.Report(($"{job.Progress?.Stage ?? "waiting"}, {CountsOf(job).Accepted:N0} entries", 0));
                await Task.Delay(LookEvery, cancellationToken);
                job = await AskAsync(client => client.Jobs[number].GetAsync(cancellationToken: cancellationToken));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await AskAsync(client => client.Jobs[number].Cancel.PostAsync(cancellationToken: CancellationToken.None));
            throw;
        }

        return new ImportOutcome(id, StateOf(job), CountsOf(job), DeletedOf(job), job.Error, await RejectionsAsync(number, cancellationToken));
    }

    /// <inheritdoc/>
    public void Dispose() => connection.Dispose();

    private async Task<T> AskAsync<T>(Func<DpfahClient, Task<T?>> call)
        where T : class
    {
        try
        {
            return await call(connection.Client) ?? throw new InvalidOperationException("The answer is empty.");
        }
        catch (ProblemDetails problem)
        {
            throw new CommandException($"The service answered {problem.ResponseStatusCode}: {problem.Detail}", problem);
        }
        catch (Exception error) when (error is HttpRequestException or ApiException or JsonException or InvalidOperationException)
        {
            throw new CommandException($"The service at {connection.Address}/ cannot be reached, or is no Dpfah: {error.GetBaseException().Message}", error);
        }
    }

    private async Task<List<(string, string)>> RejectionsAsync(string job, CancellationToken cancellationToken)
    {
        const int Most = 100;
        var rejections = new List<(string, string)>();
        using var reader = new StreamReader(await AskAsync(client => client.Jobs[job].Errors.GetAsync(cancellationToken: cancellationToken)));
        while (rejections.Count < Most && await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            System.Text.Json.JsonElement rejection = JsonSerializer.Deserialize<System.Text.Json.JsonElement>(line);
            rejections.Add((rejection.GetProperty("item").GetString()!, rejection.GetProperty("reason").GetString()!));
        }

        return rejections;
    }

    private static JobState StateOf(JobResponse job) => Enum.Parse<JobState>(job.State!.Value.ToString());

    private static JobCounts CountsOf(JobResponse job) => job.Counts is { } counts
        ? new JobCounts(counts.Accepted ?? 0, counts.Indexed ?? 0, counts.Unchanged ?? 0, counts.Rejected ?? 0)
        : default;

    // The result of a job is of its kind, which the document leaves open.
    private static long DeletedOf(JobResponse job) =>
        job.Result is not null && job.Result.AdditionalData.TryGetValue("deleted", out object? deleted)
            ? deleted switch
            {
                UntypedInteger number => number.GetValue(),
                UntypedLong number => number.GetValue(),
                IConvertible number => number.ToInt64(CultureInfo.InvariantCulture),
                _ => throw new InvalidOperationException($"The service says that {deleted} pictures were deleted."),
            }
            : 0;

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

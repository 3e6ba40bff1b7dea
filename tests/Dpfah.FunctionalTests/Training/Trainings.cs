using System.Diagnostics;
using System.Net;
using Dpfah.Api.Jobs;
using Dpfah.FunctionalTests.Cli;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.Learning.Datasets;

namespace Dpfah.FunctionalTests.Training;

/// <summary>Starts trainings through the API, and watches the processes that train.</summary>
internal static class Trainings
{
    // Under the load of other tests a child of low priority would take minutes.
    private static readonly (string Name, string Value)[] All =
        [("TrainingProgram", DpfahProgram.Assembly), ("TrainingThreads", "1"), ("TrainingNice", "0")];

    /// <summary>How long a training may take on a machine with much else to do.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Settings of a service whose trainings are done by the real program, as it is built.</summary>
    public static Dictionary<string, string?> Settings { get; } = All.ToDictionary(s => $"Dpfah__{s.Name}", s => (string?)s.Value);

    /// <summary>The same as arguments.</summary>
    public static string[] Arguments { get; } = [.. All.SelectMany(s => new[] { $"--Dpfah:{s.Name}", s.Value })];

    /// <summary>Indexes pictures of the sample, each with its class as label.</summary>
    public static async Task ImportSampleAsync(this ApiClient client, string collection, int perClass)
    {
        IEnumerable<SamplePicture> pictures = FashionSample.ReadDatabase().GroupBy(p => p.Label).SelectMany(g => g.Take(perClass));
        await Parallel.ForEachAsync(pictures, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (picture, _) =>
            await client.AddAsync(collection, picture.Id, picture.Bytes, [picture.Label]));
    }

    /// <summary>Starts a training.</summary>
    public static Task<Answer> AskToTrainAsync(this ApiClient client, string json) => client.SendJsonAsync(HttpMethod.Post, "/training-jobs", json);

    /// <summary>Starts a training that is accepted.</summary>
    public static async Task<JobResponse> TrainAsync(this ApiClient client, string json)
    {
        Answer answer = await client.AskToTrainAsync(json);
        JobResponse job = answer.Read<JobResponse>(HttpStatusCode.Accepted);
        Assert.Equal($"/jobs/{job.Id}", answer.Headers.Location?.ToString());
        return job;
    }

    /// <summary>A metric of the result of a job.</summary>
    public static double Metric(this JobResponse job, string name, string group = "metrics") =>
        job.Result!.Value.GetProperty(group).GetProperty(name).GetDouble();

    /// <summary>The processes that train in a service's data folder.</summary>
    public static int[] ProcessesIn(string dataFolder)
    {
        string folder = Path.Combine(Path.GetFullPath(dataFolder), "training") + Path.DirectorySeparatorChar;
        return
        [
            .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _))
                .Where(id => WorkingFolder(id!).StartsWith(folder, StringComparison.Ordinal)).Select(id => int.Parse(id!)),
        ];
    }

    /// <summary>Kills the one process that trains, as the system does when memory runs out.</summary>
    public static void KillChild(string dataFolder)
    {
        using var child = Process.GetProcessById(Assert.Single(ProcessesIn(dataFolder)));
        child.Kill();
    }

    private static string WorkingFolder(string process)
    {
        try
        {
            return Directory.ResolveLinkTarget($"/proc/{process}/cwd", returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended meanwhile.
        }
    }
}

using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;

namespace Dpfah.Engine.Evaluations;

/// <summary>What a model is measured on.</summary>
internal interface IEvaluationTarget
{
    /// <summary>What it is, in words.</summary>
    string Words { get; }

    /// <summary>Pictures that are searched in.</summary>
    IReadOnlyList<EvaluatedPicture> Database { get; }

    /// <summary>Pictures that are searched for.</summary>
    IReadOnlyList<EvaluatedPicture> Queries { get; }

    /// <summary>Whether the queries are pictures of the database: each is searched among all others.</summary>
    bool LeavesOneOut { get; }

    /// <summary>What a person should know, as sentences.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>Finds or makes the codes of all pictures under a model.</summary>
    /// <param name="run">The job: told of progress, and keeps what was made.</param>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Stops between some pictures.</param>
    /// <returns>Codes by number, without those of pictures that are gone; and how many were made for it.</returns>
    Task<(Dictionary<long, ItemCode> Codes, int Hashed)> ReadCodesAsync(JobRun run, ModelInfo model, CancellationToken cancellationToken);

    /// <summary>Previews of some pictures, by number.</summary>
    Task<Dictionary<long, byte[]>> ReadPreviewsAsync(IReadOnlyCollection<long> numbers, CancellationToken cancellationToken);
}

using System.Text.Json;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes parts of one kind of job that other nodes run.</summary>
internal interface IPartHandler
{
    /// <summary>The kind, such as <c>import</c>.</summary>
    string Kind { get; }

    /// <summary>Begins to help with a job.</summary>
    /// <exception cref="CannotHelpException">This node must not compute parts of the job.</exception>
    /// <exception cref="JsonException">The job is of another build's making.</exception>
    IPartReader Begin(PartJob job);
}

/// <summary>Reads what parts of one job need. For one caller at a time.</summary>
internal interface IPartReader : IAsyncDisposable
{
    /// <summary>Does once, before any part is taken, what takes as long as the job is large.</summary>
    /// <exception cref="CannotHelpException">This node must not compute parts of the job.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Reads what a part needs.</summary>
    /// <param name="part">The part.</param>
    /// <param name="cancellationToken">Gives up the part, its computing too; other parts may be read all the same.</param>
    /// <returns>
    /// Computes the part, beside others: JSON in UTF-8, unless it throws <see cref="CannotHelpException"/>. Null when the part lies before what was read by now.
    /// </returns>
    /// <exception cref="CannotHelpException">This node must not compute parts of the job.</exception>
    /// <exception cref="JsonException">The part is of another build's making.</exception>
    Task<Func<Task<byte[]>>?> ReadAsync(PartOrder part, CancellationToken cancellationToken);
}

/// <summary>This node must not compute parts of a job: they would come out in another way than on the node that runs it.</summary>
/// <param name="message">Why, in a sentence.</param>
internal sealed class CannotHelpException(string message) : Exception(message);

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes parts of one kind of job that other nodes run.</summary>
internal interface IPartHandler
{
    /// <summary>The kind, such as <c>import</c>.</summary>
    string Kind { get; }

    /// <summary>Begins to help with a job.</summary>
    /// <param name="first">A part of it.</param>
    IPartReader Begin(PartOrder first);
}

/// <summary>Reads what parts of one job need. For one caller at a time, who asks in the order of the parts' numbers.</summary>
internal interface IPartReader : IAsyncDisposable
{
    /// <summary>Reads what a part needs.</summary>
    /// <param name="part">The part.</param>
    /// <param name="cancellationToken">Gives up the part, its computing too.</param>
    /// <returns>Computes the part, beside others: JSON in UTF-8.</returns>
    /// <exception cref="CannotHelpException">This node must not compute parts of the job.</exception>
    Task<Func<Task<byte[]>>> ReadAsync(PartOrder part, CancellationToken cancellationToken);
}

/// <summary>This node must not compute parts of a job: they would come out in another way than on the node that runs it.</summary>
/// <param name="message">Why, in a sentence.</param>
internal sealed class CannotHelpException(string message) : Exception(message);

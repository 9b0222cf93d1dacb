"""What stands behind the ports: function endpoints, the process runtime, object stores."""
